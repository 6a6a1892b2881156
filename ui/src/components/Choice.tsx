/** A choice among a few words, with its label. */

export function Choice<Value extends string>(props: { label: string; value: Value; options: readonly (readonly [Value, string])[]; choose: (value: Value) => void }) {
  return (
    <label className="row small">
      {props.label}
      <select value={props.value} onChange={(event) => props.choose(event.target.value as Value)} className="narrow-select">
        {props.options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
