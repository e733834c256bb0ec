/** One of a few, all of them visible. */

import { useId } from "react";

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  hideLabel?: boolean;
  onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, value, options, hideLabel = false, onChange }: Props<T>) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend className={hideLabel ? "unseen" : ""}>{label}</legend>
      <div>
        {options.map(([key, words]) => (
          <label key={key} className={key === value ? "on" : ""}>
            <input type="radio" name={name} value={key} checked={key === value} onChange={() => onChange(key)} />
            {words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
