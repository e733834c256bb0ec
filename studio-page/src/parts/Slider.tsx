/** A named slider with its value beside it; the value can be typed. */

import { useId, useState } from "react";
import { onceLeft, whileTyping } from "./typed";

interface Props {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  unit?: string;
  /** Equal ways on the slider are equal ratios: for sizes. */
  ratio?: boolean;
  onChange: (value: number) => void;
}

export function Slider({ label, value, min, max, step, unit, ratio = false, onChange }: Props) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const place = ratio ? (1000 * Math.log(value / min)) / Math.log(max / min) : value;
  const decimals = step < 1 ? 1 : 0;
  const rounded = (raw: number) => Number((Math.round(raw / step) * step).toFixed(decimals + 1));
  const bounded = (raw: number) => Math.min(max, Math.max(min, raw));
  const left = () => {
    const meant = typed === null ? null : onceLeft(typed, min, max);
    if (meant !== null && meant !== value) onChange(meant);
    setTyped(null);
  };
  return (
    <div className="slider">
      <label htmlFor={id}>{label}</label>
      <span className="value">
        <input
          type="number"
          aria-label={label}
          min={min}
          max={max}
          step={step}
          value={typed ?? Number(value.toFixed(1))}
          onChange={(event) => {
            setTyped(event.target.value);
            const meant = whileTyping(event.target.value, min, max);
            if (meant !== null) onChange(meant);
          }}
          onBlur={left}
          onKeyDown={(event) => event.key === "Enter" && left()}
        />
        {unit && <span aria-hidden="true">{unit}</span>}
      </span>
      <input
        id={id}
        type="range"
        min={ratio ? 0 : min}
        max={ratio ? 1000 : max}
        step={ratio ? 1 : step}
        value={place}
        aria-valuetext={`${value.toFixed(decimals)} ${unit ?? ""}`}
        onChange={(event) => {
          const raw = Number(event.target.value);
          onChange(bounded(rounded(ratio ? min * (max / min) ** (raw / 1000) : raw)));
        }}
      />
    </div>
  );
}
