/** The room in the address and in the browser's history: its Back goes to the room before. */

import { useEffect } from "react";
import { change, now, roomIn, useStore } from "./store";

export function useRoomsInHistory(): void {
  const section = useStore((state) => state.section);
  useEffect(() => {
    const travelled = () => {
      const room = roomIn(location.hash);
      if (!room) return;
      // A mask that is being painted is left by its own buttons; the address comes back to its room.
      if (now().masking) history.pushState(null, "", `#${now().section}`);
      else change({ section: room });
    };
    window.addEventListener("popstate", travelled);
    return () => window.removeEventListener("popstate", travelled);
  }, []);
  useEffect(() => {
    const hash = `#${section}`;
    if (location.hash === hash) return;
    if (roomIn(location.hash)) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash); // the first room, or the skip link's place in one
  }, [section]);
}
