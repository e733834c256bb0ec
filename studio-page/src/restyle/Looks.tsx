/** What the garment is dressed in: one cloth, or a mix of up to four with their shares. */

import type { Look } from "../api/types";
import { Choice } from "../parts/Choice";
import { Drop, useDropZone } from "../parts/Drop";
import { refocus } from "../parts/focus";
import { Name } from "../parts/Name";
import { Slider } from "../parts/Slider";
import { addLooks, addPart, cutLook, patchLook, removeLook, saveMix, turn, wear, weigh } from "../state/actions";
import { dressingOf, partsOn, useStore } from "../state/store";
import { called, partName, useText } from "../text";
import { ByPart } from "./ByPart";

export function Looks() {
  const text = useText();
  const looks = useStore((state) => state.looks);
  const parts = useStore((state) => state.parts);
  const garment = useStore((state) => state.garments.find((item) => item.id === state.garment));
  const dressing = useStore(dressingOf);
  const shown = useStore(partsOn);
  const add = (files: File[]) => void addLooks(files);
  const { over, zone } = useDropZone(add);
  return (
    <section className={over ? "tools over" : "tools"} aria-label={text.looks.title} {...zone}>
      <h2 aria-live="polite">{dressing ? text.byPart.cloth(partName(dressing, text, shown)) : text.looks.title}</h2>
      {garment && <ByPart garment={garment} />}
      {!dressing && parts.length > 1 && <Shares />}
      <ul className="swatches">
        <li>
          <Drop label={text.looks.add} multiple className="add" onFiles={add}>
            <span aria-hidden="true">+</span>
            <span className="unseen">{text.looks.add}</span>
          </Drop>
        </li>
        {looks.map((look) => (
          <Swatch key={look.id} look={look} />
        ))}
      </ul>
      {!dressing && <OwnLook />}
    </section>
  );
}

function Swatch({ look }: { look: Look }) {
  const text = useText();
  const parts = useStore((state) => state.parts);
  const dressing = useStore(dressingOf);
  const shown = useStore(partsOn);
  const chosen = useStore(({ controls }) => (dressing ? controls.on[dressing] === look.id : parts.some((part) => part.look === look.id)));
  const other = useStore((state) => state.looks.find((item) => item.id === state.parts[0]?.look));
  const canMix = !dressing && parts.length > 0 && !(chosen && parts.length === 1) && (chosen || mixes(look, other));
  const name = called(look, text);
  const paints = dressing !== null && look.kind === "learned"; // parts and all
  const use = dressing ? text.byPart.choose(name, partName(dressing, text, shown)) : text.looks.choose(name);
  return (
    <li className={chosen ? "chosen" : ""}>
      <button type="button" aria-pressed={chosen} disabled={paints} aria-label={use} title={paints ? text.byPart.paintsAll(name) : name} onClick={() => wear(look.id)}>
        <img src={`${look.picture.thumbnail}?side=128`} alt="" loading="lazy" />
      </button>
      {canMix && (
        <button
          type="button"
          className="corner"
          disabled={!chosen && parts.length >= 4}
          aria-label={chosen ? text.looks.remove(name) : text.looks.addToMix(name)}
          title={chosen ? text.looks.remove(name) : parts.length < 4 ? text.looks.addToMix(name) : text.looks.full}
          onClick={() => addPart(look.id)}
        >
          {chosen ? "−" : "+"}
        </button>
      )}
    </li>
  );
}

/** Cloth goes with cloth, and looks of one model that has learned several with each other. */
function mixes(look: Look, other: Look | undefined): boolean {
  if (!other || (look.kind !== "learned" && other.kind !== "learned")) return true;
  return look.origin?.recipe === "stargan_v2" && look.origin.model === other.origin?.model;
}

function Shares() {
  const text = useText();
  const looks = useStore((state) => state.looks);
  const parts = useStore((state) => state.parts);
  const mix = useStore((state) => state.controls.mix);
  const of = (id: string) => looks.find((look) => look.id === id);
  const nameOf = (id: string) => called(of(id) ?? { name: "" }, text);
  const painted = parts.some((part) => of(part.look)?.kind === "learned");
  return (
    <div className="shares">
      {parts.map((part) => (
        <Slider
          key={part.look}
          label={nameOf(part.look)}
          value={Math.round(part.weight * 100)}
          min={5}
          max={100}
          step={5}
          onChange={(value) => weigh(part.look, value / 100)}
        />
      ))}
      {!painted && <Choice
        label={text.looks.mix}
        value={mix}
        options={[
          ["overprint", text.looks.overprint],
          ["panels", text.looks.panels],
        ]}
        onChange={(value) => turn({ mix: value })}
      />}
      {mix === "overprint" && !painted && (
        <button type="button" onClick={() => void saveMix(parts.map((part) => nameOf(part.look)).join(" + "), parts)}>
          {text.looks.saveMix}
        </button>
      )}
    </div>
  );
}

function OwnLook() {
  const text = useText();
  const looks = useStore((state) => state.looks);
  const parts = useStore((state) => state.parts);
  const look = looks.find((item) => parts.length === 1 && item.id === parts[0]?.look);
  if (!look) return null;
  const own = !look.sample && look.kind !== "learned";
  return (
    <>
      <p className="quiet line">
        {look.sample ? (
          <span>{called(look, text)}</span>
        ) : (
          <Name label={text.looks.rename} value={look.name} onChange={(name) => void patchLook(look.id, { name })} />
        )}
        <span>{text.looks.kinds[look.kind]}</span>
      </p>
      {own && (
        <p className="quiet line">
          {look.kind === "swatch" && !look.origin && (
            <button
              type="button"
              className="plain small"
              title={text.looks.cutHint}
              onClick={() => void cutLook(look, text.looks.clothOf(look.name))}
            >
              {text.looks.cutOut}
            </button>
          )}
          <button type="button" className="plain small" onClick={() => window.confirm(text.looks.deleteConfirm(look.name)) && void takeAway(look.id)}>
            {text.looks.delete}
          </button>
        </p>
      )}
    </>
  );
}

/** The focus goes on where cloths are chosen. */
async function takeAway(id: string): Promise<void> {
  await removeLook(id);
  refocus(() => document.querySelector(".desk .swatches li:not(:first-child) button") ?? document.querySelector(".desk .swatches .add"));
}
