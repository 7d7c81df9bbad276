type Json = unknown;
const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Applies a merge patch (RFC 7396) without changing what was given. What the patch does not touch
 * keeps its identity, so that a component which draws it is not drawn again.
 */
export function merge<T extends Json>(target: T, patch: Json): T {
  if (!isObject(patch)) return patch as T;
  const before: Record<string, Json> = isObject(target) ? target : {};
  const after: Record<string, Json> = { ...before };
  let changed = !isObject(target);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      changed ||= key in after;
      delete after[key];
    } else {
      const merged = merge(before[key], value);
      changed ||= merged !== before[key];
      after[key] = merged;
    }
  }
  return (changed ? after : target) as T;
}
