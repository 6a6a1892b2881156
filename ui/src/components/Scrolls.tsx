import type { ReactNode } from 'react';

/** A region that scrolls where what is in it is wider than the page, or higher than `height` pixels; it is reached from the keyboard. */
export function Scrolls(props: { label: string; height?: number; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="scrolls" style={props.height === undefined ? undefined : { height: props.height, overflowY: 'auto' }} tabIndex={0} role="group" aria-label={props.label}>
      {props.children}
    </div>
  );
}
