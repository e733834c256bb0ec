/** A tape measure along the garment, and one repeat of the print drawn to its scale. */

import type { CSSProperties } from "react";
import type { Garment } from "../api/types";
import { useStore } from "../state/store";
import { useText } from "../text";
import { widthOf } from "./PrintTools";

const ROOM = 2; // % of the photo between garment and ruler

export function Ruler({ garment, repeats }: { garment: Garment; repeats: boolean }) {
  const text = useText();
  const controls = useStore((state) => state.controls);
  const { width, height } = garment.photo;
  const [left, top, right, bottom] = garment.box;
  const across = (pixels: number) => (100 * pixels) / width;
  const down = (pixels: number) => (100 * pixels) / height;
  const cm = 1 / garment.cm_per_pixel; // pixels
  const tall = bottom - top >= right - left;
  const x = Math.max(0.5, across(left) - ROOM);
  const y = Math.min(99, down(bottom) + ROOM);
  const tick = { "--tick": `${(1000 * cm) / (tall ? bottom - top : right - left)}%` } as CSSProperties;
  const repeat = controls.print_cm ?? widthOf(garment, controls.scale);
  const said = Number(repeat.toFixed(repeat < 10 ? 1 : 0));
  return (
    <div className="ruler" aria-hidden="true">
      {tall ? (
        <div className="tape tall" style={{ ...tick, left: `${x}%`, top: `${down(top)}%`, height: `${down(bottom - top)}%` }}>
          <span>{text.stage.ruler(Math.round(garment.length_cm))}</span>
        </div>
      ) : (
        <div className="tape" style={{ ...tick, left: `${across(left)}%`, top: `min(${y}%, 100% - 0.9rem)`, width: `${across(right - left)}%` }}>
          <span>{text.stage.ruler(Math.round(garment.length_cm))}</span>
        </div>
      )}
      {repeats && across(repeat * cm) < 96 && (
        <div className="repeat" style={{ left: `${Math.max(0.5, Math.min(across(left), 99 - across(repeat * cm)))}%`, top: `max(1.75rem, ${down(top) - ROOM}%)`, width: `${across(repeat * cm)}%` }}>
          <span>{text.stage.ruler(said)}</span>
        </div>
      )}
    </div>
  );
}
