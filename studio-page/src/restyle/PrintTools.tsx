/** How the cloth lies: size, angle, repeat, strength, light. */

import type { Garment, Laid, Look } from "../api/types";
import { Choice } from "../parts/Choice";
import { Slider } from "../parts/Slider";
import { patchGarment, turn } from "../state/actions";
import { DEFAULTS } from "../state/defaults";
import { reach, within } from "../state/offset";
import { useStore } from "../state/store";
import { useText } from "../text";

/** cm of one repeat at scale 1: 30 % of the garment's longer side. */
export const widthOf = (garment: Garment, scale: number) => 0.3 * garment.length_cm * scale;

export function PrintTools({ garment }: { garment: Garment | null }) {
  const text = useText();
  const controls = useStore((state) => state.controls);
  const repeats = (["straight", "half-drop", "brick", "mirror", "once"] as Laid[]).map((key) => [key, text.controls.repeats[key]] as const);
  const length = garment?.length_cm ?? 70;
  const width = controls.print_cm ?? 0.3 * length * controls.scale;
  const once = controls.repeat === "once";
  const far = 100 * reach(controls.repeat);
  const places = (
    <>
      <Slider label={text.controls.acrossOffset} value={controls.offset[0] * 100} min={-far} max={far} step={1} unit={text.controls.percent} onChange={(value) => turn({ offset: [value / 100, controls.offset[1]] })} />
      <Slider label={text.controls.downOffset} value={controls.offset[1] * 100} min={-far} max={far} step={1} unit={text.controls.percent} onChange={(value) => turn({ offset: [controls.offset[0], value / 100] })} />
    </>
  );
  // One place means another thing for a print that repeats and for one that lies once.
  const lay = (repeat: Laid) => turn({ repeat, offset: once === (repeat === "once") ? within(controls.offset, repeat) : [0, 0] });
  return (
    <section className="tools" aria-label={text.controls.title}>
      <header>
        <h2>{text.controls.title}</h2>
        <button type="button" className="plain small" onClick={() => turn({ ...DEFAULTS, palette: controls.palette, mix: controls.mix, on: controls.on })}>
          {text.controls.reset}
        </button>
      </header>
      <Slider label={once ? text.controls.printOnce : text.controls.print} value={width} min={1} max={200} step={0.5} ratio unit={text.controls.cm} onChange={(value) => turn({ print_cm: value })} />
      <Slider label={text.controls.rotation} value={controls.rotation} min={-180} max={180} step={1} unit={text.controls.degrees} onChange={(value) => turn({ rotation: value })} />
      <Choice label={text.controls.repeat} value={controls.repeat} options={repeats} onChange={lay} />
      {once && places}
      {once && <p className="quiet">{text.controls.onceHint}</p>}
      {once && Object.keys(controls.on).length > 0 && <p className="quiet">{text.byPart.rests.once}</p>}
      <Slider label={text.controls.strength} value={controls.strength * 100} min={0} max={100} step={1} unit={text.controls.percent} onChange={(value) => turn({ strength: value / 100 })} />
      <Slider label={text.controls.shading} value={controls.shading * 100} min={0} max={200} step={1} unit={text.controls.percent} onChange={(value) => turn({ shading: value / 100 })} />
      <details>
        <summary>{text.controls.more}</summary>
        {!once && places}
        <Choice
          label={text.controls.seams}
          value={controls.seams ?? "cut"}
          options={(["cut", "matched"] as const).map((key) => [key, text.controls.seamsChoices[key]] as const)}
          onChange={(seams) => turn({ seams })}
        />
        <Choice
          label={text.controls.seamless}
          value={String(controls.seamless) as "auto" | "true" | "false"}
          options={(["auto", "true", "false"] as const).map((key) => [key, text.controls.seamlessChoices[key]] as const)}
          onChange={(value) => turn({ seamless: value === "auto" ? "auto" : value === "true" })}
        />
        {garment && (
          <Slider label={text.garments.length} value={garment.length_cm} min={5} max={250} step={1} unit={text.controls.cm} onChange={(value) => void patchGarment(garment.id, { length_cm: value })} />
        )}
      </details>
    </section>
  );
}

/** What a look that paints can be told: how much of it, and of a drawing the colour. */
export function PaintTools({ look }: { look: Look }) {
  const text = useText();
  const controls = useStore((state) => state.controls);
  const drawing = Boolean(look.origin?.drawing);
  return (
    <section className="tools" aria-label={text.looks.kinds.learned}>
      <p className="quiet">{drawing ? text.looks.drawing : text.looks.painted}</p>
      <Slider label={text.controls.strength} value={controls.strength * 100} min={0} max={100} step={1} unit={text.controls.percent} onChange={(value) => turn({ strength: value / 100 })} />
      {drawing && (
        <div className="row">
          <label className="dye">
            {text.looks.colour}
            <input type="color" value={controls.palette?.[0] ?? "#8a8a8a"} onChange={(event) => turn({ palette: [event.target.value] })} />
          </label>
          <button type="button" className="plain small" disabled={!controls.palette} onClick={() => turn({ palette: null })}>
            {text.looks.byChance}
          </button>
        </div>
      )}
    </section>
  );
}
