/** The picture: the live preview while tools move, a finished result when one is chosen, or two beside each other. */

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { get } from "../api/client";
import type { Garment, Result } from "../api/types";
import { Drop } from "../parts/Drop";
import { refocus } from "../parts/focus";
import { type Carry, Viewer } from "../parts/Viewer";
import { copyText, take, turn } from "../state/actions";
import { asked } from "../state/byPart";
import { attempt } from "../state/notices";
import { within } from "../state/offset";
import { usePreview } from "../state/preview";
import { receive } from "../state/receiving";
import { change, now, useStore } from "../state/store";
import { variants } from "../state/variants";
import { called, useText } from "../text";
import { PartShown } from "./ByPart";
import { captionOf, differences, wornBy } from "./captions";
import { Ruler } from "./Ruler";

export function Stage() {
  const text = useText();
  const garment = useStore((state) => state.garments.find((item) => item.id === state.garment));
  const results = useStore((state) => state.results);
  const shown = useStore((state) => state.results.find((item) => item.id === state.shown));
  const pair = useStore((state) => state.compare);
  const parts = useStore((state) => state.parts);
  const controls = useStore((state) => state.controls);
  const [split, setSplit] = useState(true);
  const [zoomed, setZoomed] = useState(false);
  const looks = useStore((state) => state.looks);
  const worn = looks.filter((look) => parts.some((part) => part.look === look.id));
  const painted = worn.some((look) => look.kind === "learned");
  const drawing = worn.some((look) => look.origin?.drawing);
  const from = useRef<[number, number]>([0, 0]);
  const preview = usePreview(garment?.id ?? null, parts, asked({ controls, parts, looks }), garment?.mask.picture.sha256 ?? "", !shown);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      if (event.key === "b") setSplit((on) => !on);
      if (event.key === "z") setZoomed((on) => !on);
    };
    window.addEventListener("keydown", keys);
    return () => window.removeEventListener("keydown", keys);
  }, []);

  if (pair.length === 2) {
    const two = pair.map((id) => results.find((item) => item.id === id)).filter((item): item is Result => Boolean(item));
    if (two.length === 2) return <Pair first={two[0] as Result} second={two[1] as Result} />;
  }
  if (!garment) return <Empty />;
  const after = shown ? shown.picture.url : preview;
  const [left, top, right, bottom] = garment.box;
  const longer = Math.max(right - left, bottom - top);
  const carry: Carry = {
    begun: () => {
      from.current = controls.offset;
    },
    to: (across, down) => turn({ offset: within([share(from.current[0] + across / longer), share(from.current[1] + down / longer)], "once") }),
  };
  return (
    <div className="stage">
      <Viewer
        before={zoomed || shown ? garment.photo.url : `${garment.photo.thumbnail}?side=1024`}
        after={after}
        width={garment.photo.width}
        height={garment.photo.height}
        split={split}
        zoomed={zoomed}
        alt={shown ? shown.name : called(garment, text)}
        splitLabel={text.stage.split}
        carry={controls.repeat === "once" && preview && !shown && !painted ? carry : undefined}
        overlay={
          <>
            <PartShown garment={garment} />
            {!zoomed && !drawing && <Ruler garment={garment} repeats={!painted && parts.length > 0} />}
          </>
        }
      />
      <span className="state">{shown ? text.stage.full : after ? text.stage.live : called(garment, text)}</span>
      {!drawing && <Doubt garment={garment} />}
      <div className="bar" role="toolbar" aria-label={text.stage.tools}>
        <button type="button" aria-pressed={split} onClick={() => setSplit(!split)}>
          {text.stage.split}
        </button>
        <button type="button" aria-pressed={zoomed} onClick={() => setZoomed(!zoomed)}>
          {zoomed ? text.stage.fit : text.stage.hundred}
        </button>
        <button type="button" onClick={() => change({ masking: garment.id })}>
          {text.garments.mask}
        </button>
        {shown ? <ResultActions result={shown} /> : <Make ready={parts.length > 0} dyes={!painted} />}
      </div>
    </div>
  );
}

/** Of a garment's longer side, to a thousandth: what a hand can mean. */
const share = (value: number) => Math.round(1000 * value) / 1000;

export const isTyping = (event: KeyboardEvent): boolean =>
  event.target instanceof HTMLElement && (event.target.matches("input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select") || Boolean(event.target.closest("dialog")));

function Empty() {
  const text = useText();
  const garments = useStore((state) => state.garments);
  const samples = garments.filter((garment) => garment.sample);
  return (
    <div className="stage empty">
      <Drop label={text.garments.drop} multiple className="large" accept="image/*,.zip" onFiles={(files) => void receive(files)}>
        <strong>{text.garments.drop}</strong>
        <span>{text.stage.choose}</span>
        <span className="quiet">{text.stage.chooseHint}</span>
      </Drop>
      {samples.length > 0 && (
        <div className="begin">
          <p className="quiet">{text.garments.samples}</p>
          <ul>
            {samples.map((garment) => (
              <li key={garment.id}>
                <button type="button" aria-label={text.garments.begin(called(garment, text))} onClick={() => change({ garment: garment.id })}>
                  <img src={`${garment.photo.thumbnail}?side=384`} alt="" />
                  <span aria-hidden="true">{called(garment, text)}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** The outline may be wrong: said on the picture, one press from the mask. */
function Doubt({ garment }: { garment: Garment }) {
  const text = useText();
  const doubtful = garment.mask.kind === "none" || (garment.mask.kind === "auto" && garment.mask.confidence < 0.93);
  if (!doubtful) return null;
  return (
    <button type="button" className="doubt" onClick={() => change({ masking: garment.id })}>
      {garment.mask.kind === "none" ? text.garments.none : text.garments.unsure}
    </button>
  );
}

function Make({ ready, dyes }: { ready: boolean; dyes: boolean }) {
  const text = useText();
  const colours = useStore((state) => state.varyColours);
  return (
    <span className="actions">
      {dyes && (
        <label className="check">
          <input type="checkbox" checked={colours} onChange={(event) => change({ varyColours: event.target.checked })} />
          {text.stage.alsoColours}
        </label>
      )}
      <button type="button" disabled={!ready} onClick={() => void variants(1)}>
        {text.stage.one}
      </button>
      <button type="button" className="main" disabled={!ready} onClick={() => void variants(4)}>
        {text.stage.variants}
      </button>
    </span>
  );
}

function ResultActions({ result }: { result: Result }) {
  const text = useText();
  return (
    <span className="actions">
      <button type="button" onClick={() => void copyText(result.command, text.stage.copied)}>
        {text.stage.copyCommand}
      </button>
      <button
        type="button"
        onClick={() => {
          take(result);
          change({ shown: null });
          refocus(() => document.querySelector(".stage button.main:enabled") ?? document.querySelector(".stage .bar button"));
        }}
      >
        {text.stage.useSettings}
      </button>
      <details className="menu">
        <summary className="main">{text.stage.download}</summary>
        <ul>
          {(["png", "jpeg", "tiff", "webp", "cutout"] as const).map((format) => (
            <li key={format}>
              <a href={`/v1/results/${result.id}/download?format=${format}&ppi=300`} download>
                {text.stage.formats[format]}
              </a>
            </li>
          ))}
        </ul>
      </details>
    </span>
  );
}

/** Of an element that comes and goes: the focus that was in it goes back to where it was before. */
function useFocusBack() {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { current } = element;
    const before = document.activeElement;
    return () => {
      if (current?.contains(document.activeElement) && before instanceof HTMLElement) before.focus();
    };
  }, []);
  return element;
}

function Pair({ first, second }: { first: Result; second: Result }) {
  const text = useText();
  const looks = useStore((state) => state.looks);
  const [said, setSaid] = useState("");
  const stage = useFocusBack();
  useEffect(() => {
    void attempt(async () => {
      const answer = await get<{ same: { looks: boolean }; controls: { name: string; first: unknown; second: unknown }[]; difference: number | null }>(`/v1/results/${first.id}/compare/${second.id}`);
      const changes = differences(answer.controls, text, now().looks);
      const alike = answer.same.looks && first.seed === second.seed;
      const colours = answer.difference === null ? [] : [text.board.difference(answer.difference.toFixed(1))];
      setSaid([...(changes.length ? changes : alike ? [text.board.same] : []), ...colours].join(" · "));
    });
  }, [first, second, text]);
  return (
    <div ref={stage} className="stage">
      <div className="pair">
        {[first, second].map((result) => (
          <figure key={result.id}>
            <img src={result.picture.url} alt={result.name} />
            <figcaption>
              {[wornBy(result, looks, text), captionOf(result, looks.find((look) => look.id === result.looks[0]?.look), text)].join(" · ")}
            </figcaption>
          </figure>
        ))}
      </div>
      <div className="bar">
        <span className="quiet said">{said}</span>
        <button type="button" onClick={() => change({ compare: [] })}>
          {text.board.back}
        </button>
      </div>
    </div>
  );
}
