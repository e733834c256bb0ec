/** Pictures that follow a slider: one request in flight, the newest state next, everything between forgotten. */

import { useEffect, useRef, useState } from "react";
import { blob, ProblemError } from "../api/client";
import type { Controls, Part } from "../api/types";
import { complain } from "./notices";

/** URL of the live picture of a garment; null before the first answer. mask: its hash, which makes another picture. */
export function usePreview(garment: string | null, looks: Part[], controls: Controls, mask: string, wanted: boolean): string | null {
  const body = garment && looks.length && wanted ? { garment, looks, controls, side: 384 } : null;
  return useLatest("/v1/preview", body, `${garment} ${mask}`, garment);
}

/** URL of the picture that `path` gives for the newest `body` that was answered. again: asks anew; subject: forgets the old. */
export function useLatest(path: string, body: object | null, again = "", subject: string | null = ""): string | null {
  const [url, setUrl] = useState<string | null>(null);
  const newest = useRef<object | null>(null);
  const busy = useRef(false);
  const alive = useRef(true);
  const wish = JSON.stringify(body) + again;

  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);

  useEffect(() => setUrl(null), [subject]);

  useEffect(() => {
    newest.current = body;
    if (newest.current && !busy.current) void run();

    async function run(): Promise<void> {
      busy.current = true;
      while (newest.current && alive.current) {
        const asked = newest.current;
        newest.current = null;
        try {
          const picture = URL.createObjectURL(await blob(path, asked));
          if (alive.current) setUrl((old) => (old && URL.revokeObjectURL(old), picture));
        } catch (error) {
          if (!(error instanceof ProblemError)) throw error;
          if (error.problem.status === 429) {
            await new Promise((done) => setTimeout(done, 300));
            newest.current ??= asked;
          } else complain(error.problem);
        }
      }
      busy.current = false;
    }
    // The string holds everything that matters; objects are new at each drawing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wish]);

  return url;
}
