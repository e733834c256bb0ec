/** Cloth by part: the garment's parts as chips with what each wears. A chip that is chosen turns the tray of cloths to its part. */

import { type CSSProperties, useCallback, useEffect, useState } from "react";
import type { Garment, GarmentPart, Look } from "../api/types";
import { dressPart, findParts, keepElse, partByPart, turn } from "../state/actions";
import { bothOf, chipsOf, KEEP, rests, SIDES, under } from "../state/byPart";
import { change, dressingOf, now, partsKey, useStore } from "../state/store";
import { called, partName, useText } from "../text";
import { isTyping } from "./Stage";

const NONE: GarmentPart[] = [];

export function ByPart({ garment }: { garment: Garment }) {
  const text = useText();
  const open = useStore((state) => state.byPart);
  const looks = useStore((state) => state.looks);
  const parts = useStore((state) => state.parts);
  const controls = useStore((state) => state.controls);
  const shown = useStore((state) => state.shownParts[partsKey(garment)]);
  const { on } = controls;
  const apart = Object.keys(on);
  const why = rests({ controls, parts, looks });
  const wanted = open || apart.length > 0;
  const [failed, setFailed] = useState(false);
  const find = useCallback(async () => {
    setFailed(false);
    setFailed(!(await findParts(garment)));
  }, [garment]);
  useEffect(() => {
    if (wanted) void find();
  }, [wanted, find]);
  useEffect(() => {
    const back = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !isTyping(event) && now().dressing) change({ dressing: null });
    };
    window.addEventListener("keydown", back);
    return () => {
      window.removeEventListener("keydown", back);
      change({ pointed: null });
    };
  }, []);
  return (
    <>
      <details className="by-part" open={open} onToggle={(event) => event.currentTarget.open !== open && change({ byPart: event.currentTarget.open, dressing: null, pointed: null })}>
        <summary>
          {text.byPart.title}
          {!open && !why && apart.length > 0 && <span className="quiet">{apart.map((name) => partName(name, text, shown)).join(text.comma)}</span>}
        </summary>
        {open && !why && shown && <Chips garment={garment} shown={shown} />}
        {open && !why && !shown && (failed ? <button type="button" onClick={() => void find()}>{text.shell.retry}</button> : <p className="quiet" role="status">{text.byPart.looking}</p>)}
      </details>
      {why && (open || apart.length > 0) && (
        <p className="quiet" role="status">
          {text.byPart.rests[why]}{" "}
          {why === "panels" && (
            <button type="button" className="plain small flush" onClick={() => (partByPart(), change({ byPart: true }))}>
              {text.byPart.fromPanels}
            </button>
          )}
        </p>
      )}
    </>
  );
}

function Chips({ garment, shown }: { garment: Garment; shown: GarmentPart[] }) {
  const text = useText();
  const dressing = useStore(dressingOf);
  const on = useStore((state) => state.controls.on);
  const looks = useStore((state) => state.looks);
  const first = useStore((state) => state.looks.find((look) => look.id === state.parts[0]?.look));
  const chips = chipsOf(shown, on, dressing);
  if (chips.length < 2) return <p className="quiet">{text.byPart.single}</p>;
  const both = dressing && under(dressing);
  const sides = chips.filter(({ name, item }) => item && bothOf(name)); // below the others: none of those moves when they come
  const absent = chips.filter(({ item }) => !item); // kept for garments that show them
  const chip = ({ name, item }: (typeof chips)[number]) => <Chip key={name} garment={garment} name={name} item={item} shown={shown} looks={looks} first={first} />;
  return (
    <>
      <ul className="pieces" aria-label={text.byPart.title}>
        <li>
          <button type="button" aria-pressed={!dressing} onClick={() => change({ dressing: null })}>
            <Thumb look={first} />
            {text.byPart.whole}
          </button>
        </li>
        {chips.filter(({ name, item }) => item && !bothOf(name)).map(chip)}
      </ul>
      {sides.length > 0 && (
        <ul className="pieces" aria-label={text.byPart.sides}>
          {sides.map(chip)}
        </ul>
      )}
      {absent.length > 0 && (
        <>
          <p className="quiet">{text.byPart.absent}</p>
          <ul className="pieces" aria-label={text.byPart.absent}>
            {absent.map(chip)}
          </ul>
        </>
      )}
      {dressing && (
        <div className="row wraps">
          <button type="button" aria-pressed={!on[dressing]} onClick={() => dressPart(dressing, null)}>
            {both && on[both] ? text.byPart.asBoth(partName(both, text, shown)) : text.byPart.asRest}
          </button>
          <button type="button" aria-pressed={on[dressing] === KEEP} onClick={() => dressPart(dressing, KEEP)}>
            {text.byPart.asItIs}
          </button>
          {on[dressing] && on[dressing] !== KEEP && (
            <button type="button" className="plain small flush" onClick={() => keepElse(dressing)}>
              {text.byPart.keepElse}
            </button>
          )}
        </div>
      )}
      {!dressing && Object.keys(on).length > 0 && (
        <div className="row">
          <button type="button" className="plain small flush" onClick={() => turn({ on: {} })}>
            {text.byPart.alike}
          </button>
        </div>
      )}
    </>
  );
}

interface ChipProps {
  garment: Garment;
  name: string;
  item: GarmentPart | undefined; // none: this garment does not show it
  shown: GarmentPart[];
  looks: Look[];
  first: Look | undefined; // what the rest wears
}

function Chip({ garment, name, item, shown, looks, first }: ChipProps) {
  const text = useText();
  const chosen = useStore((state) => dressingOf(state) === name);
  const on = useStore((state) => state.controls.on);
  const both = under(name) ?? "";
  const worn = on[name] ?? on[both];
  const look = worn ? looks.find((one) => one.id === worn) : first;
  const said = on[name] ? (worn === KEEP ? text.byPart.asItIs : called(look ?? { name: "?" }, text)) : worn ? text.byPart.asBoth(partName(both, text, shown)) : text.byPart.asRest;
  const title = partName(name, text, shown);
  const words = item ? said : `${said} (${text.byPart.absent})`;
  const point = (at: string | null) => change({ pointed: at });
  return (
    <li>
      <button
        type="button"
        className={`${on[name] ? "own" : ""} ${item ? "" : "absent"}`}
        aria-pressed={chosen}
        aria-label={text.byPart.says(title, words)}
        title={words}
        onClick={() => change({ dressing: chosen ? null : { garment: garment.id, part: name } })}
        onPointerEnter={(event) => event.pointerType === "mouse" && point(name)}
        onPointerLeave={() => point(null)}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && point(name)}
        onBlur={() => point(null)}
      >
        {worn === KEEP ? <i className="thumb" style={cutOut(garment, boxOf(name, item, shown))} /> : <Thumb look={look} />}
        {title}
      </button>
    </li>
  );
}

function Thumb({ look }: { look: Look | undefined }) {
  return look ? <img className="thumb" src={`${look.picture.thumbnail}?side=64`} alt="" /> : <i className="thumb none" />;
}

/** Of a pair the left one: the middle of both lies between them, and so does that of cuffs. */
function boxOf(name: string, item: GarmentPart | undefined, shown: GarmentPart[]): GarmentPart["box"] | undefined {
  return shown.find((other) => other.name === SIDES[name === "cuffs" ? "sleeves" : name]?.[0])?.box ?? item?.box;
}

/** A square piece of the photo from the middle of a part. */
function cutOut({ photo, box: whole }: Garment, box: GarmentPart["box"] = whole): CSSProperties {
  const [left, top, right, bottom] = box;
  const side = Math.max(Math.min(right - left, bottom - top), Math.max(photo.width, photo.height) / 12);
  const at = (middle: number, length: number) => `${(100 * Math.min(1, Math.max(0, (middle - side / 2) / (length - side)))).toFixed(1)}%`;
  return {
    backgroundImage: `url("${photo.thumbnail}?side=512")`,
    backgroundSize: `${(100 * photo.width) / side}% ${(100 * photo.height) / side}%`,
    backgroundPosition: `${at((left + right) / 2, photo.width)} ${at((top + bottom) / 2, photo.height)}`,
  };
}

/** On the picture: hatched what is pointed at, and a line around what is being dressed, which leaves its cloth to be seen. */
export function PartShown({ garment }: { garment: Garment }) {
  const shown = useStore((state) => state.shownParts[partsKey(garment)]) ?? NONE;
  const dressing = useStore((state) => (state.shown ? null : dressingOf(state))); // a finished picture is seen as it is
  const pointed = useStore((state) => (state.byPart ? state.pointed : null));
  const of = (name: string | null) => shown.find((item) => item.name === name)?.picture;
  const [veiled, lined] = [of(pointed), of(dressing)];
  const { width, height } = garment.photo;
  const unit = Math.max(width, height) / 384;
  return (
    <>
      {veiled && <div className="part-veil" style={{ maskImage: `url("${veiled}")`, WebkitMaskImage: `url("${veiled}")` }} />}
      {lined && (
        <svg className="part-line" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          <filter id="part-line" filterUnits="userSpaceOnUse" x={-4 * unit} y={-4 * unit} width={width + 8 * unit} height={height + 8 * unit}>
            <feMorphology in="SourceAlpha" operator="dilate" radius={1.1 * unit} result="wide" />
            <feMorphology in="SourceAlpha" operator="dilate" radius={1.9 * unit} result="wider" />
            <feFlood className="light" />
            <feComposite in2="wider" operator="in" result="halo" />
            <feFlood className="thread" />
            <feComposite in2="wide" operator="in" result="line" />
            <feMerge result="both">
              <feMergeNode in="halo" />
              <feMergeNode in="line" />
            </feMerge>
            <feComposite in="both" in2="SourceAlpha" operator="out" />
          </filter>
          <image href={lined} width={width} height={height} preserveAspectRatio="none" filter="url(#part-line)" />
        </svg>
      )}
    </>
  );
}
