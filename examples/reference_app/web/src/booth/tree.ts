import type { SpanRow } from "./records";

export interface Branch { span: SpanRow; level: number; leaf: boolean; /** This span and its neighbours ran at the same time: first, last or between of the brace. */ brace: "first" | "mid" | "last" | null; /** Levels whose brace goes on past this row. */ through: number[] }

/** Spans in drawing order with their depth; what lies under a closed span is left out. */
export function branches(spans: readonly SpanRow[], closed: ReadonlySet<string>): Branch[] {
  const known = new Set(spans.map(({ id }) => id));
  const children = new Map<string | null, SpanRow[]>();
  for (const span of spans) {
    const parent = span.parent !== null && known.has(span.parent) ? span.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const rows: Branch[] = [];
  const visit = (parent: string | null, level: number, through: number[]) => {
    const siblings = children.get(parent) ?? [];
    siblings.forEach((span, at) => {
      const leaf = !children.has(span.id);
      const brace = braceOf(siblings, at);
      rows.push({ span, level, leaf, brace, through });
      const below = brace === "first" || brace === "mid" ? [...through, level] : through;
      if (!leaf && !closed.has(span.id)) visit(span.id, level + 1, below);
    });
  };
  visit(null, 1, []);
  return rows;
}

function braceOf(siblings: readonly SpanRow[], at: number): Branch["brace"] {
  if (!siblings[at]?.parallel) return null;
  const before = siblings[at - 1]?.parallel ?? false;
  const after = siblings[at + 1]?.parallel ?? false;
  if (!before && !after) return null;
  return before && after ? "mid" : after ? "first" : "last";
}
