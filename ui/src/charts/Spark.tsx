/** A small line without axes; the numbers are elsewhere. */

export function Spark(props: { values: (number | null)[]; pendingFrom?: number | undefined; from0?: boolean; label: string }) {
  const said = props.values.filter((value) => value !== null);
  if (said.length < 2) return <div className="spark" aria-hidden="true" />;
  const top = Math.max(...said);
  const bottom = props.from0 === true ? Math.min(0, ...said) : Math.min(...said);
  const range = top - bottom || 1;
  const [width, height] = [200, 40];
  const x = (position: number) => (position / (props.values.length - 1)) * width;
  const y = (value: number) => 2 + (1 - (value - bottom) / range) * (height - 4);
  const lines: string[] = [];
  let drawing = false;
  props.values.forEach((value, position) => {
    if (value === null) drawing = false;
    else {
      lines.push(`${drawing ? 'L' : 'M'}${x(position).toFixed(1)} ${y(value).toFixed(1)}`);
      drawing = true;
    }
  });
  const from = props.pendingFrom;
  return (
    <svg className="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={props.label}>
      {from !== undefined && (
        <>
          <defs>
            <pattern id="pending" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <path d="M0 0V6" stroke="var(--edge)" strokeWidth="1.5" opacity="0.5" />
            </pattern>
          </defs>
          <rect x={x(Math.max(from - 0.5, 0))} y="0" width={width - x(Math.max(from - 0.5, 0))} height={height} fill="url(#pending)" />
        </>
      )}
      <path d={lines.join('')} fill="none" stroke="var(--data-1)" strokeWidth="1.75" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  );
}
