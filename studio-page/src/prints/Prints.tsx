/** New prints: from noise, between two cloths; the tile zoomed out, and saved for the fabric printer. */

import { useState } from "react";
import { Slider } from "../parts/Slider";
import { cancel, chooseLook, saveMix, submit } from "../state/actions";
import { change, useStore } from "../state/store";
import { useText } from "../text";
import { isAtWork } from "../restyle/Board";
import { TileExport } from "./TileExport";

export function Prints() {
  const text = useText();
  const looks = useStore((state) => state.looks);
  const [chosen, setChosen] = useState<string | null>(null);
  const [across, setAcross] = useState(3);
  const look = looks.find((item) => item.id === chosen) ?? looks[0];
  return (
    <main id="main" className="room prints">
      <section className="shelf" aria-label={text.looks.title}>
        <Imagine />
        <ul className="swatches large">
          {looks.map((item) => (
            <li key={item.id} className={item.id === look?.id ? "chosen" : ""}>
              <button type="button" aria-pressed={item.id === look?.id} aria-label={item.name} title={item.name} onClick={() => setChosen(item.id)}>
                <img src={`${item.picture.thumbnail}?side=256`} alt="" loading="lazy" />
              </button>
            </li>
          ))}
        </ul>
      </section>
      {look && (
        <section className="tile" aria-label={look.name}>
          <img src={`/v1/looks/${look.id}/tile?across=${across}&side=768`} alt={look.name} />
          <div className="bar">
            <span className="quiet">
              {look.name} · {text.looks.kinds[look.kind]}
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
        {look && <TileExport look={look} />}
        <Between />
      </aside>
    </main>
  );
}

function Imagine() {
  const text = useText();
  const can = useStore((state) => state.info?.can.imagine);
  const models = useStore((state) => state.models).filter((model) => model.makes_prints);
  const jobs = useStore((state) => state.jobs);
  const project = useStore((state) => state.project);
  const [model, setModel] = useState("");
  const [count, setCount] = useState(8);
  const [seed, setSeed] = useState(0);
  const busy = Object.values(jobs).filter((job) => job.kind === "imagine" && isAtWork(job));
  if (can && !can.available) {
    return (
      <p className="quiet">
        {text.prints.unavailable}: {can.reason}
      </p>
    );
  }
  const name = model || models[0]?.name || "";
  return (
    <form
      className="imagine"
      onSubmit={(event) => {
        event.preventDefault();
        void submit({ kind: "imagine", project, model: name, count, seed });
        setSeed(seed + count);
      }}
    >
      <label>
        {text.prints.model}
        <select value={name} onChange={(event) => setModel(event.target.value)}>
          {models.map((item) => (
            <option key={item.name}>{item.name}</option>
          ))}
        </select>
      </label>
      <label>
        {text.prints.count}
        <input type="number" min={1} max={24} value={count} onChange={(event) => setCount(Number(event.target.value))} />
      </label>
      <label>
        {text.prints.seed}
        <input type="number" min={0} value={seed} onChange={(event) => setSeed(Number(event.target.value))} />
      </label>
      <button type="submit" className="main" disabled={!name}>
        {text.prints.imagine}
      </button>
      {busy.map((job) => (
        <span key={job.id} className="row" role="status">
          <progress max={1} value={job.progress} aria-label={text.jobs.states[job.state]} />
          <button type="button" onClick={() => void cancel(job.id)}>
            {text.jobs.cancel}
          </button>
        </span>
      ))}
    </form>
  );
}

/** While the slider moves the two tiles are shown over each other; saving prints them over each other as inks. */
function Between() {
  const text = useText();
  const looks = useStore((state) => state.looks);
  const [pair, setPair] = useState<[string, string]>(["", ""]);
  const [share, setShare] = useState(50);
  const ids = [pair[0] || looks[0]?.id, pair[1] || looks[1]?.id];
  const [first, second] = ids.map((id) => looks.find((look) => look.id === id));
  if (!first || !second) return null;
  const choose = (place: 0 | 1, label: string) => (
    <label>
      {label}
      <select value={ids[place]} onChange={(event) => setPair(place === 0 ? [event.target.value, pair[1]] : [pair[0], event.target.value])}>
        {looks.map((look) => (
          <option key={look.id} value={look.id}>
            {look.name}
          </option>
        ))}
      </select>
    </label>
  );
  const parts = [
    { look: first.id, weight: Math.max(0.02, 1 - share / 100) },
    { look: second.id, weight: Math.max(0.02, share / 100) },
  ];
  return (
    <section className="tools" aria-label={text.prints.mixTitle}>
      <h2>{text.prints.mixTitle}</h2>
      {choose(0, text.prints.first)}
      {choose(1, text.prints.second)}
      <div className="between">
        <img src={`/v1/looks/${first.id}/tile?across=2&side=256`} alt="" />
        <img src={`/v1/looks/${second.id}/tile?across=2&side=256`} alt="" style={{ opacity: share / 100 }} />
      </div>
      <Slider label={second.name} value={share} min={0} max={100} step={1} unit={text.controls.percent} onChange={setShare} />
      <button type="button" disabled={first.id === second.id} onClick={() => void saveMix(`${first.name} + ${second.name}`, parts)}>
        {text.prints.save}
      </button>
    </section>
  );
}
