/** Something to copy: shown, and put into the clipboard at a click. */
import { useState } from 'react';

import { useTexts } from '../shell/preferences';

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const texts = useTexts();
  const [copied, setCopied] = useState(false);
  const says = copied ? texts.session.copied : texts.shell.copy;
  return (
    <button
      type="button"
      className="button"
      aria-label={label === undefined ? undefined : `${says}: ${label}`}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => setCopied(true));
      }}
    >
      {says}
    </button>
  );
}

export function Copyable({ text, label }: { text: string; label: string }) {
  return (
    <div className="copyable">
      {/* Long lines scroll, from the keyboard too. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}
