/** A scale on the garment, and one repeat of the print drawn to it. */

import type { Garment } from "../api/types";
import { useStore } from "../state/store";
import { useText } from "../text";
import { widthOf } from "./PrintTools";

const STEPS = [1, 2, 5, 10, 20, 50, 100];

export function Ruler({ garment }: { garment: Garment }) {
  const text = useText();
  const controls = useStore((state) => state.controls);
  const share = (cm: number) => (100 * cm) / garment.cm_per_pixel / garment.photo.width;
  const length = STEPS.find((step) => share(step) >= 12) ?? 100;
  const repeat = controls.print_cm ?? widthOf(garment, controls.scale);
  return (
    <div className="ruler" aria-hidden="true">
      <span style={{ width: `${share(length)}%` }}>{text.stage.ruler(length)}</span>
      {share(repeat) < 90 && (
        <i style={{ width: `${share(repeat)}%` }}>{text.stage.ruler(Number(repeat.toFixed(repeat < 10 ? 1 : 0)))}</i>
      )}
    </div>
  );
}
