import { useEffect } from "react";
import { useResource, type Resource } from "../lib/useResource";
import { useSession } from "./session";

/** A resource of Discovery as the chosen seat sees it; a 401 leads back to the sign-in in place. */
export function useHouse<T>(path: string): Resource<T> {
  const { seat, ended } = useSession();
  const resource = useResource<T>(seat ? `${path}?seat=${encodeURIComponent(seat.id)}` : null);
  const signedOut = resource.error?.status === 401;
  useEffect(() => {
    if (signedOut) ended();
  }, [signedOut, ended]);
  return resource;
}
