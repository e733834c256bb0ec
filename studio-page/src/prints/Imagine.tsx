/** Prints out of nothing: a look, how many, and where wanted a second look that takes part. */

import { useState } from "react";
import type { Job } from "../api/types";
import { Slider } from "../parts/Slider";
import { translated } from "../text/engine";
import { isAtWork, noteIn } from "../restyle/Board";
import { cancel, copyText, submit } from "../state/actions";
import { useStore } from "../state/store";
import { lookName, useText } from "../text";

export function Imagine() {
  const text = useText();
  const can = useStore((state) => state.info?.can.imagine);
  const models = useStore((state) => state.models).filter((model) => model.makes_prints);
  const jobs = useStore((state) => state.jobs);
  const project = useStore((state) => state.project);
  const [look, setLook] = useState("");
  const [mix, setMix] = useState("");
  const [share, setShare] = useState(50);
  const [motifs, setMotifs] = useState(100);
  const [count, setCount] = useState(8);
  const [seed, setSeed] = useState(0);
  const mine = Object.values(jobs)
    .filter((job) => job.kind === "imagine")
    .sort((a, b) => b.created - a.created);
  if (can && !can.available) {
    return (
      <p className="quiet">
        {text.prints.unavailable}: {can.reason}
      </p>
    );
  }
  const groups = models.map((model) => ({ name: model.name, looks: model.looks.length ? model.looks.map((name) => `${model.name}:${name}`) : [model.name] }));
  const chosen = look || groups[0]?.looks[0] || "";
  const others = groups.find((group) => group.looks.includes(chosen))?.looks.filter((name) => name !== chosen) ?? [];
  const second = others.includes(mix) ? mix : null;
  return (
    <form
      className="imagine"
      onSubmit={(event) => {
        event.preventDefault();
        void submit({ kind: "imagine", project, model: chosen, count, seed, mix: second, weight: share / 100, scale: motifs / 100 });
        setSeed(seed + count);
      }}
    >
      <h2>{text.prints.title}</h2>
      <label>
        {text.prints.model}
        <select value={chosen} onChange={(event) => setLook(event.target.value)}>
          {groups.map((group) => (
            <optgroup key={group.name} label={lookName(group.name, text)}>
              {group.looks.map((name) => (
                <option key={name} value={name}>
                  {lookName(name, text)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      {others.length > 0 && (
        <label>
          {text.prints.mixWith}
          <select value={second ?? ""} onChange={(event) => setMix(event.target.value)}>
            <option value="">{text.prints.alone}</option>
            {others.map((name) => (
              <option key={name} value={name}>
                {lookName(name, text)}
              </option>
            ))}
          </select>
        </label>
      )}
      {second && <Slider label={text.prints.share} value={share} min={0} max={100} step={1} unit={text.controls.percent} onChange={setShare} />}
      <details>
        <summary>{text.shell.more}</summary>
        <Slider label={text.prints.motifs} value={motifs} min={25} max={400} step={5} ratio unit={text.controls.percent} onChange={setMotifs} />
        <div className="row">
          <label>
            {text.prints.count}
            <input type="number" min={1} max={24} value={count} onChange={(event) => setCount(Number(event.target.value))} />
          </label>
          <label>
            {text.prints.seed}
            <input type="number" min={0} value={seed} onChange={(event) => setSeed(Number(event.target.value))} />
          </label>
        </div>
      </details>
      <button type="submit" className="main" disabled={!chosen}>
        {text.prints.imagine}
      </button>
      {mine.filter((job, index) => index === 0 || isAtWork(job)).map((job) => (
        <Making key={job.id} job={job} />
      ))}
    </form>
  );
}

function Making({ job }: { job: Job }) {
  const text = useText();
  if (!isAtWork(job)) {
    return (
      <span className="row">
        {job.state !== "done" && <span className="quiet">{(job.problem && translated(job.problem.title, text)) ?? text.jobs.states[job.state]}</span>}
        <button type="button" className="plain small flush" onClick={() => void copyText(job.command, text.stage.copied)}>
          {text.stage.copyCommand}
        </button>
      </span>
    );
  }
  return (
    <span className="row" role="status">
      <progress max={1} value={job.state === "queued" ? undefined : job.progress} aria-label={`${text.jobs.states[job.state]} ${noteIn(job.note, text)}`} />
      <button type="button" onClick={() => void cancel(job.id)}>
        {text.jobs.cancel}
      </button>
    </span>
  );
}
