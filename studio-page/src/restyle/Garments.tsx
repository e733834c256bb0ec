/** The garments of the project, then the samples. */

import type { Garment } from "../api/types";
import { Drop } from "../parts/Drop";
import { Name } from "../parts/Name";
import { patchGarment, removeGarment } from "../state/actions";
import { receive } from "../state/receiving";
import { change, useStore } from "../state/store";
import { called, useText } from "../text";

export function Garments() {
  const text = useText();
  const garments = useStore((state) => state.garments);
  const uploading = useStore((state) => state.uploading);
  return (
    <section className="strip" aria-label={text.garments.title}>
      <h2>{text.garments.title}</h2>
      <Drop label={text.garments.add} multiple className="add" accept="image/*,.zip" onFiles={(files) => void receive(files)} />
      {uploading > 0 && (
        <p className="quiet" role="status">
          {text.garments.reading(uploading)}
        </p>
      )}
      <ul>
        {garments.map((garment) => (
          <Item key={garment.id} garment={garment} />
        ))}
      </ul>
    </section>
  );
}

function Item({ garment }: { garment: Garment }) {
  const text = useText();
  const chosen = useStore((state) => state.garment === garment.id);
  return (
    <li className={chosen ? "chosen" : ""}>
      <button type="button" aria-pressed={chosen} onClick={() => change({ garment: garment.id, shown: null, compare: [] })}>
        <img src={`${garment.photo.thumbnail}?side=256`} alt="" loading="lazy" />
        <span className={chosen && !garment.sample ? "unseen" : ""}>{called(garment, text)}</span>
      </button>
      {chosen && !garment.sample && (
        <>
          <Name label={text.garments.rename} value={garment.name} onChange={(name) => void patchGarment(garment.id, { name })} />
          <button type="button" className="corner" aria-label={text.garments.remove} title={text.garments.remove} onClick={() => window.confirm(text.garments.removeConfirm(called(garment, text))) && void removeGarment(garment.id)}>
            <span aria-hidden="true">×</span>
          </button>
        </>
      )}
    </li>
  );
}
