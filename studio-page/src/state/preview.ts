/** The live preview: one request in flight, the newest state next, everything between forgotten. */

import { useEffect, useRef, useState } from "react";
import { blob, ProblemError } from "../api/client";
import type { Controls, Part } from "../api/types";
import { complain } from "./actions";

interface Wish {
  garment: string;
  looks: Part[];
  controls: Controls;
  side: number;
}

/** URL of the preview of the newest wish that was answered; null before the first. */
export function usePreview(garment: string | null, looks: Part[], controls: Controls, mask: string, wanted: boolean): string | null {
  const [url, setUrl] = useState<string | null>(null);
  const newest = useRef<Wish | null>(null);
  const busy = useRef(false);
  const alive = useRef(true);
  const wish = JSON.stringify({ garment, looks, controls, mask });

  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);

  useEffect(() => setUrl(null), [garment]);

  useEffect(() => {
    newest.current = garment && looks.length && wanted ? { garment, looks, controls, side: 384 } : null;
    if (newest.current && !busy.current) void run();

    async function run(): Promise<void> {
      busy.current = true;
      while (newest.current && alive.current) {
        const asked = newest.current;
        newest.current = null;
        try {
          const picture = URL.createObjectURL(await blob("/v1/preview", asked));
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
  }, [wish, wanted]);

  return url;
}
