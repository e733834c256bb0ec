/** The seamless tile as a file for the fabric printer: width in cm, resolution, repeat. */

import { useState } from "react";
import type { Look, Repeat } from "../api/types";
import { Choice } from "../parts/Choice";
import { copyText } from "../state/actions";
import { useText } from "../text";
import { tileSize } from "./tile";

export function TileExport({ look, repeat, onRepeat }: { look: Look; repeat: Repeat; onRepeat: (repeat: Repeat) => void }) {
  const text = useText();
  const [width, setWidth] = useState(20);
  const [dpi, setDpi] = useState(300);
  const [format, setFormat] = useState<"png" | "tiff">("tiff");
  const repeats = (["straight", "half-drop", "brick", "mirror"] as Repeat[]).map((key) => [key, text.controls.repeats[key]] as const);
  const query = new URLSearchParams({ width_cm: String(width), dpi: String(dpi), repeat, format });
  const { across, down, fits } = tileSize(width, dpi, look.picture.height / look.picture.width, repeat);
  const address = `/v1/looks/${look.id}/export?${query}`;
  return (
    <section className="tools" aria-label={text.prints.exportTitle}>
      <h2>{text.prints.exportTitle}</h2>
      <div className="row">
        <label>
          {text.prints.width} ({text.controls.cm})
          <input type="number" min={1} max={200} step={0.5} value={width} onChange={(event) => setWidth(Number(event.target.value))} />
        </label>
        <label>
          {text.prints.dpi}
          <input type="number" min={36} max={1200} value={dpi} onChange={(event) => setDpi(Number(event.target.value))} />
        </label>
      </div>
      <Choice label={text.controls.repeat} value={repeat} options={repeats} onChange={onRepeat} />
      <Choice
        label={text.prints.file}
        value={format}
        options={[
          ["tiff", "TIFF"],
          ["png", "PNG"],
        ]}
        onChange={setFormat}
      />
      <p className={fits ? "quiet" : "warn"} role="status">
        {`${across.toLocaleString()} × ${down.toLocaleString()} px`}
        {!fits && ` ${text.prints.tooLarge}`}
      </p>
      <div className="row">
        <a className="button" href={fits ? address : undefined} aria-disabled={!fits} download>
          {text.prints.export}
        </a>
        <button type="button" className="plain small" onClick={() => void copyText(`curl -OJ "${location.origin}${address}"`, text.stage.copied)}>
          {text.stage.copyCommand}
        </button>
      </div>
    </section>
  );
}
