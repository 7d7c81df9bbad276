import css from "./Skeleton.module.css";

/** A still shape in the final geometry; it shows itself only when loading takes longer than 200 ms. */
export function Skeleton({ className = "" }: { className?: string | undefined }) {
  return <div className={`${css.bone} ${className}`} aria-hidden />;
}
