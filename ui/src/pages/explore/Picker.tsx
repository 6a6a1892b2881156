/** Finds and adds one of many: numbers or dimensions. */
import * as Popover from '@radix-ui/react-popover';
import { useMemo, useState } from 'react';

import { usePreferences } from '../../shell/preferences';

export interface Offered {
  id: string;
  name: string;
  group: string;
  hint: string;
}

/** How many are drawn at once; the field narrows them down. */
const MOST = 60;

export function Picker(props: { label: string; find: string; offered: Offered[]; chosen: string[]; choose: (id: string) => void }) {
  const { texts } = usePreferences();
  const [open, setOpen] = useState(false);
  const [sought, setSought] = useState('');
  const found = useMemo(() => {
    const words = sought.toLowerCase().trim();
    const left = props.offered.filter((one) => !props.chosen.includes(one.id));
    const named = left.filter((one) => one.name.toLowerCase().includes(words) || one.id.includes(words));
    const hinted = left.filter((one) => !named.includes(one) && words.length > 2 && one.hint.toLowerCase().includes(words));
    return [...named, ...hinted].slice(0, MOST);
  }, [props.offered, props.chosen, sought]);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="button">
        <span aria-hidden="true">+</span> {props.label}
      </Popover.Trigger>
      <Popover.Content className="popover" align="start" sideOffset={6} aria-label={props.label}>
        <input type="search" aria-label={props.find} placeholder={props.find} style={{ width: '100%', marginBottom: 8 }} value={sought} onChange={(event) => setSought(event.target.value)} />
        {found.map((one) => (
          <button
            type="button"
            key={one.id}
            className="menu-item"
            title={one.hint}
            onClick={() => {
              props.choose(one.id);
              setOpen(false);
              setSought('');
            }}
          >
            {one.name}
            {one.group !== '' && <span className="soft small push">{one.group}</span>}
          </button>
        ))}
        {found.length === 0 && <p className="soft">{texts.search.nothing}</p>}
      </Popover.Content>
    </Popover.Root>
  );
}
