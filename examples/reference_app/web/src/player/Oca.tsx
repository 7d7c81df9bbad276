import { useEffect, useState } from "react";
import type { PlayUrl } from "../lib/types";
import { Icon } from "../ui/Icon";
import type { Told } from "./engine";
import css from "./Oca.module.css";

/** How long a failover stays in words on the picture. */
const NOTICE_MS = 8_000;

interface OcaProps { name: string | null; url: PlayUrl | null; failovers: readonly Told[] }

/** Which appliance serves this picture, as it said itself, and the last failover in a sentence. */
export function Oca({ name, url, failovers }: OcaProps) {
  const last = failovers.at(-1);
  const [shown, setShown] = useState<number | null>(null);
  const at = last?.at ?? null;
  useEffect(() => {
    if (at === null) return undefined;
    setShown(at);
    const timer = setTimeout(() => setShown(null), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [at]);
  return (
    <div className={css.oca}>
      {name && (
        <p className={css.chip} data-testid="oca-overlay" data-oca={name} data-zone={zoneOf(name)}>
          <span className={css.swatch} aria-hidden />
          {name}{url && <span className={css.network}>· {url.network}</span>}
        </p>
      )}
      <p role="status" className={css.notice}>
        {last && shown === last.at && <><Icon name="warn" />{last.sentence}</>}
      </p>
    </div>
  );
}

/** Appliances carry their zone in their name: `oca-b2` stands in b. */
export const zoneOf = (name: string): string => /-([abc])\d*$/.exec(name)?.[1] ?? "other";
