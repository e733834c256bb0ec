/** The seamless tile as a file for the fabric printer: width in cm, resolution, repeat. */

import { useState } from "react";
import type { Look, Repeat } from "../api/types";
import { Choice } from "../parts/Choice";
import { copyText } from "../state/actions";
import { useText } from "../text";
import { whileTyping } from "../parts/typed";
import { DPI, tileSize, WIDEST } from "./tile";

export function TileExport({ look, repeat, onRepeat }: { look: Look; repeat: Repeat; onRepeat: (repeat: Repeat) => void }) {
  const text = useText();
  const [width, setWidth] = useState("20");
  const [dpi, setDpi] = useState("300");
  const [format, setFormat] = useState<"png" | "tiff">("tiff");
  const repeats = (["straight", "half-drop", "brick", "mirror"] as Repeat[]).map((key) => [key, text.controls.repeats[key]] as const);
  const [cm, dots] = [whileTyping(width, 1, WIDEST), whileTyping(dpi, ...DPI)];
  const size = cm && dots ? tileSize(cm, dots, look.picture.height / look.picture.width, repeat) : null;
  const address = size?.fits ? `/v1/looks/${look.id}/export?${new URLSearchParams({ width_cm: String(cm), dpi: String(dots), repeat, format })}` : undefined;
  return (
    <section className="tools" aria-label={text.prints.exportTitle}>
      <h2>{text.prints.exportTitle}</h2>
      <div className="row">
        <label>
          {text.prints.width} ({text.controls.cm})
          <input type="number" min={1} max={WIDEST} step={0.5} value={width} onChange={(event) => setWidth(event.target.value)} />
        </label>
        <label>
          {text.prints.dpi}
          <input type="number" min={DPI[0]} max={DPI[1]} value={dpi} onChange={(event) => setDpi(event.target.value)} />
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
      <p className={address ? "quiet" : "warn"} role="status">
        {size ? `${size.across.toLocaleString()} × ${size.down.toLocaleString()} px` : text.prints.noSize(WIDEST, ...DPI)}
        {size && !size.fits && ` ${text.prints.tooLarge}`}
      </p>
      <div className="row">
        <a className="button" href={address} aria-disabled={!address} download>
          {text.prints.export}
        </a>
        <button type="button" className="plain small" disabled={!address} onClick={() => void copyText(`curl -OJ "${location.origin}${address}"`, text.stage.copied)}>
          {text.stage.copyCommand}
        </button>
      </div>
    </section>
  );
}
