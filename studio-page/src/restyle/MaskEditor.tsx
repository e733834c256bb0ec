/** Brush and eraser on the photo: what is white in the mask is garment. */

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { Garment } from "../api/types";
import { Choice } from "../parts/Choice";
import { Dialog } from "../parts/Dialog";
import { Drop } from "../parts/Drop";
import { Slider } from "../parts/Slider";
import { automaticMask, copyMask, saveMask, wornPart } from "../state/actions";
import { attempt } from "../state/notices";
import { change, useStore } from "../state/store";
import { called, useText } from "../text";
import { MaskPainter } from "./painter";

type Tool = "brush" | "eraser";

export function MaskEditor({ garment }: { garment: Garment }) {
  const text = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<MaskPainter | null>(null);
  const [tool, setTool] = useState<Tool>("brush");
  const [size, setSize] = useState(6);
  const [cursor, setCursor] = useState({ x: 0.5, y: 0.5, seen: false });
  const [, redraw] = useState(0);
  const [opened, openAgain] = useState(0);

  useEffect(() => {
    let current = true;
    void attempt(async () => {
      const made = await MaskPainter.open(canvas.current as HTMLCanvasElement, garment.photo.url, garment.mask.picture.url);
      if (!current) return;
      painter.current = made;
      redraw((n) => n + 1);
    });
    return () => {
      current = false;
    };
    // A mask that comes from elsewhere meanwhile does not wipe the strokes off: only what is asked for here does.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [garment.id, opened]);

  const close = () => change({ masking: null });
  const leave = () => {
    if (!painter.current?.changed || window.confirm(text.mask.discard)) close();
  };
  const at = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };

  function pointer(event: PointerEvent<HTMLCanvasElement>) {
    const place = at(event);
    setCursor({ ...place, seen: true });
    if (event.type === "pointerdown") {
      event.currentTarget.setPointerCapture(event.pointerId);
      painter.current?.begin(place, size / 100, tool === "brush");
    } else if (event.buttons & 1) painter.current?.go(place);
    if (event.type === "pointerup") {
      painter.current?.end();
      redraw((n) => n + 1);
    }
  }

  function keys(event: KeyboardEvent<HTMLCanvasElement>) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) {
      const far = event.shiftKey ? 0.05 : 0.01;
      const next = { x: cursor.x + far * (step[0] ?? 0), y: cursor.y + far * (step[1] ?? 0) };
      setCursor({ x: Math.min(1, Math.max(0, next.x)), y: Math.min(1, Math.max(0, next.y)), seen: true });
    } else if (event.key === " ") {
      painter.current?.begin(cursor, size / 100, tool === "brush");
      painter.current?.end();
      redraw((n) => n + 1);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      if (event.shiftKey) again();
      else undo();
    } else return;
    event.preventDefault();
  }

  /** What was painted stays on the canvas until it is safe. */
  async function done() {
    const mask = await painter.current?.png();
    if (mask && painter.current?.changed && !(await attempt(() => saveMask(garment.id, mask)))) return;
    close();
  }

  async function take(work: Promise<Garment | undefined>) {
    if (!(await work)) return;
    painter.current?.forget();
    openAgain((n) => n + 1); // also where it is the mask that was there before the strokes
  }

  const undo = () => {
    painter.current?.undo();
    redraw((n) => n + 1);
  };
  const again = () => {
    painter.current?.redo();
    redraw((n) => n + 1);
  };
  return (
    <Dialog title={`${text.mask.title}: ${called(garment, text)}`} wide onClose={leave}>
      <div className="masking">
        <div className="studio-wall">
        <div className="easel" style={{ aspectRatio: `${garment.photo.width} / ${garment.photo.height}`, width: `min(100cqw, ${(100 * garment.photo.width) / garment.photo.height}cqh)` }}>
          <canvas ref={canvas} tabIndex={0} aria-busy={!painter.current} aria-label={text.mask.canvas} onPointerDown={pointer} onPointerMove={pointer} onPointerUp={pointer} onKeyDown={keys} />
          {cursor.seen && <i className="brush" style={{ left: `${cursor.x * 100}%`, top: `${cursor.y * 100}%`, width: `${size}%`, borderStyle: tool === "brush" ? "solid" : "dashed" }} />}
        </div>
        </div>
        <div className="tools">
          <p className="quiet">{text.mask.hint}</p>
          <Choice
            label={text.mask.brush}
            hideLabel
            value={tool}
            options={[
              ["brush", text.mask.brush],
              ["eraser", text.mask.eraser],
            ]}
            onChange={setTool}
          />
          <Slider label={text.mask.size} value={size} min={1} max={40} step={1} unit={text.controls.percent} onChange={setSize} />
          <div className="row">
            <button type="button" disabled={!painter.current?.canUndo} onClick={undo}>
              {text.mask.undo}
            </button>
            <button type="button" disabled={!painter.current?.canRedo} onClick={again}>
              {text.mask.redo}
            </button>
          </div>
          <button type="button" onClick={() => void take(automaticMask(garment.id))}>
            {text.mask.auto}
          </button>
          {!garment.sample && (
            <div className="row">
              {(["upper", "lower"] as const).map((part) => (
                <button key={part} type="button" onClick={() => void take(wornPart(garment.id, part))}>
                  {text.mask.parts[part]}
                </button>
              ))}
            </div>
          )}
          <Drop label={text.mask.load} accept="image/png" onFiles={([file]) => file && void take(attempt(() => saveMask(garment.id, file)))} />
          <a className="button" href={`/v1/garments/${garment.id}/mask`} download={`${garment.name}.mask.png`}>
            {text.mask.savePicture}
          </a>
          <ApplyTo garment={garment} />
          <button type="button" className="main" onClick={() => void done()}>
            {text.mask.done}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function ApplyTo({ garment }: { garment: Garment }) {
  const text = useText();
  const others = useStore((state) => state.garments).filter((item) => item.id !== garment.id && !item.sample);
  const [chosen, setChosen] = useState<string[]>([]);
  if (!others.length) return null;
  return (
    <details>
      <summary>{text.mask.applyTo}</summary>
      <ul className="pick">
        {others.map((other) => (
          <li key={other.id}>
            <label className="check">
              <input type="checkbox" checked={chosen.includes(other.id)} onChange={(event) => setChosen(event.target.checked ? [...chosen, other.id] : chosen.filter((id) => id !== other.id))} />
              {other.name}
            </label>
          </li>
        ))}
      </ul>
      <button type="button" disabled={!chosen.length} onClick={() => void copyMask(garment.id, chosen, text.mask.applied)}>
        {text.mask.apply(chosen.length)}
      </button>
    </details>
  );
}
