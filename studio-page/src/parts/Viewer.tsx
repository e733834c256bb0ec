/** A picture to look at closely: before and after on one line, fitted or at 100 %, moved by hand or by arrow keys. */

import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";

const ASIDE = 6; // % of the picture

interface Props {
  before: string;
  after: string | null;
  width: number; // of the photo in pixels: 100 % is one of them on one of the screen's
  height: number;
  split: boolean;
  zoomed: boolean;
  alt: string;
  splitLabel: string;
  overlay?: ReactNode;
  carry?: Carry | undefined; // what a hand on the fitted picture moves
}

/** Called with the way from where the hand began, in pixels of the photo; `begun` once before, as it begins. */
export interface Carry {
  begun: () => void;
  to: (across: number, down: number) => void;
}

export function Viewer({ before, after, width, height, split, zoomed, alt, splitLabel, overlay, carry }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(50);
  const [moved, setMoved] = useState({ x: 0, y: 0 });
  const start = useRef<{ x: number; y: number; at: { x: number; y: number } } | null>(null);
  const carried = Boolean(carry);
  const carries = carried && !zoomed;
  useEffect(() => setMoved({ x: 0, y: 0 }), [zoomed, before]);
  // What is carried is seen whole; the line of before and after waits at the side.
  useEffect(() => setPlace(carried ? ASIDE : 50), [carried]);

  function hold(next: { x: number; y: number }) {
    const box = frame.current?.getBoundingClientRect();
    if (!box) return;
    const ratio = window.devicePixelRatio || 1;
    const reach = { x: Math.max(0, (width / ratio - box.width) / 2), y: Math.max(0, (height / ratio - box.height) / 2) };
    setMoved({ x: Math.min(reach.x, Math.max(-reach.x, next.x)), y: Math.min(reach.y, Math.max(-reach.y, next.y)) });
  }

  function move(event: PointerEvent<HTMLDivElement>) {
    if (!start.current) return;
    if (carries) {
      const shown = event.currentTarget.querySelector(".picture")?.getBoundingClientRect();
      if (shown) carry?.to(((event.clientX - start.current.x) * width) / shown.width, ((event.clientY - start.current.y) * height) / shown.height);
      return;
    }
    hold({ x: start.current.at.x + event.clientX - start.current.x, y: start.current.at.y + event.clientY - start.current.y });
  }

  const ratio = typeof window === "undefined" ? 1 : window.devicePixelRatio || 1;
  const picture = zoomed
    ? { width: width / ratio, height: height / ratio, transform: `translate(${moved.x}px, ${moved.y}px)` }
    : { aspectRatio: `${width} / ${height}` };
  return (
    <div
      ref={frame}
      className={`viewer ${zoomed ? "zoomed" : ""} ${carries ? "carrying" : ""}`}
      tabIndex={zoomed ? 0 : -1}
      onPointerDown={(event) => {
        if (!(zoomed || carries) || event.button !== 0 || !event.isPrimary || (event.target as HTMLElement).tagName === "INPUT") return;
        start.current = { x: event.clientX, y: event.clientY, at: moved };
        if (carries) carry?.begun();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={move}
      onPointerUp={() => {
        start.current = null;
      }}
      onPointerCancel={() => {
        start.current = null;
      }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
        if (!zoomed || !step) return;
        event.preventDefault();
        event.stopPropagation();
        hold({ x: moved.x + (step[0] ?? 0), y: moved.y + (step[1] ?? 0) });
      }}
    >
      <div className="picture" style={picture}>
        <img src={after ?? before} alt={alt} draggable={false} />
        {split && after && (
          <>
            <img className="before" src={before} alt="" draggable={false} style={{ clipPath: `inset(0 ${100 - place}% 0 0)` }} />
            <div className="seam" style={{ left: `${place}%` }} />
            <input
              className="split"
              type="range"
              min={0}
              max={100}
              value={place}
              aria-label={splitLabel}
              onChange={(event) => setPlace(Number(event.target.value))}
            />
          </>
        )}
        {overlay}
      </div>
    </div>
  );
}
