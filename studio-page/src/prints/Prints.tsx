/** New prints: from noise, between two cloths; the tile zoomed out, and saved for the fabric printer. */

import { useState } from "react";
import type { Repeat } from "../api/types";
import { Slider } from "../parts/Slider";
import { chooseLook, saveMix } from "../state/actions";
import { useLatest } from "../state/preview";
import { change, useStore } from "../state/store";
import { called, useText } from "../text";
import { Imagine } from "./Imagine";
import { TileExport } from "./TileExport";

export function Prints() {
  const text = useText();
  const looks = useStore((state) => state.looks).filter((look) => look.kind !== "learned");
  const [chosen, setChosen] = useState<string | null>(null);
  const [across, setAcross] = useState(3);
  const [repeat, setRepeat] = useState<Repeat>("straight");
  const look = looks.find((item) => item.id === chosen) ?? looks[0];
  return (
    <main id="main" className="room prints">
      <h1 className="unseen">{text.sections.prints}</h1>
      <section className="shelf" aria-label={text.looks.title}>
        <Imagine />
        <ul className="swatches large">
          {looks.map((item) => (
            <li key={item.id} className={item.id === look?.id ? "chosen" : ""}>
              <button type="button" aria-pressed={item.id === look?.id} aria-label={called(item, text)} title={called(item, text)} onClick={() => setChosen(item.id)}>
                <img src={`${item.picture.thumbnail}?side=256`} alt="" loading="lazy" />
              </button>
            </li>
          ))}
        </ul>
      </section>
      {look && (
        <section className="tile" aria-label={called(look, text)}>
          <img src={`/v1/looks/${look.id}/tile?across=${across}&side=768&repeat=${repeat}`} alt={called(look, text)} />
          <div className="bar">
            <span className="quiet">
              {called(look, text)} · {text.looks.kinds[look.kind]}
            </span>
            <button
              type="button"
              className="main"
              onClick={() => {
                chooseLook(look.id);
                change({ section: "restyle" });
              }}
            >
              {text.prints.toGarment}
            </button>
          </div>
        </section>
      )}
      <aside className="column">
        <section className="tools">
          <Slider label={text.prints.zoomOut} value={across} min={1} max={12} step={1} onChange={setAcross} />
        </section>
        {look && <TileExport look={look} repeat={repeat} onRepeat={setRepeat} />}
        <Between />
      </aside>
    </main>
  );
}

/** Two cloths printed over each other as inks, live while the slider moves. */
function Between() {
  const text = useText();
  const looks = useStore((state) => state.looks).filter((look) => look.kind !== "learned");
  const [pair, setPair] = useState<[string, string]>(["", ""]);
  const [share, setShare] = useState(50);
  const ids = [pair[0] || looks[0]?.id, pair[1] || looks[1]?.id];
  const [first, second] = ids.map((id) => looks.find((look) => look.id === id));
  const parts = [
    { look: first?.id ?? "", weight: Math.max(0.02, 1 - share / 100) },
    { look: second?.id ?? "", weight: Math.max(0.02, share / 100) },
  ];
  const live = useLatest("/v1/looks/tile", first && second ? { looks: parts, across: 2, side: 384 } : null);
  if (!first || !second) return null;
  const choose = (place: 0 | 1, label: string) => (
    <label>
      {label}
      <select value={ids[place]} onChange={(event) => setPair(place === 0 ? [event.target.value, pair[1]] : [pair[0], event.target.value])}>
        {looks.map((look) => (
          <option key={look.id} value={look.id}>
            {called(look, text)}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section className="tools" aria-label={text.prints.mixTitle}>
      <h2>{text.prints.mixTitle}</h2>
      <div className="row">
        {choose(0, text.prints.first)}
        {choose(1, text.prints.second)}
      </div>
      <div className="between">{live && <img src={live} alt="" />}</div>
      <Slider label={called(second, text)} value={share} min={0} max={100} step={1} unit={text.controls.percent} onChange={setShare} />
      <button type="button" disabled={first.id === second.id} onClick={() => void saveMix(`${called(first, text)} + ${called(second, text)}`, parts)}>
        {text.prints.save}
      </button>
    </section>
  );
}
