/** The service's events: jobs, results and looks as they change. The browser reconnects by itself. */

import { all, answered } from "../api/client";
import type { Job, Look, Model, Result } from "../api/types";
import { keepResult } from "./actions";
import { complain } from "./notices";
import { change, now, withItem } from "./store";

let source: EventSource | null = null;

export function listen(project: string, since: number): void {
  source?.close();
  source = new EventSource(`/v1/events?project=${encodeURIComponent(project)}&since=${since}`);
  source.addEventListener("open", answered);
  source.addEventListener("job", (event) => {
    const job = JSON.parse(event.data as string) as Job;
    const before = now().jobs[job.id];
    // A job of the desk has no place of its own to say what went wrong; the others tell in their rooms.
    const atDesk = job.request.kind === "colourways" || (job.request.kind === "restyle" && job.request.garments.length === 1);
    if (job.state === "failed" && before?.state !== "failed" && job.problem && atDesk) complain(job.problem);
    change((state) => ({ jobs: { ...state.jobs, [job.id]: job } }));
    // A look that was learned is a model to imagine prints with.
    if (job.kind === "train" && job.state === "done") void all<Model>("/v1/models").then((models) => change({ models }));
  });
  source.addEventListener("result", (event) => {
    const result = JSON.parse(event.data as string) as Result;
    if (result.project === project) keepResult(result);
  });
  source.addEventListener("look", (event) => {
    const look = JSON.parse(event.data as string) as Look;
    change((state) => ({ looks: withItem(state.looks, look) }));
  });
}
