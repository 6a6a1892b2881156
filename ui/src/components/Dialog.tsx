/** A dialog: the browser's own, which keeps the focus and everything behind it inert. */
import { useEffect, useId, useRef, type ReactNode } from 'react';

import { useTexts } from '../shell/preferences';

export function Dialog(props: { title: ReactNode; onClose: () => void; children: ReactNode; head?: ReactNode }) {
  const texts = useTexts();
  const element = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
  }, []);
  return (
    // The click outside is a convenience: Esc and the button do the same from the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={element}
      aria-labelledby={title}
      onClose={props.onClose}
      onClick={(event) => {
        if (event.target === element.current) element.current.close();
      }}
    >
      <div className="dialog-head">
        {props.head ?? <h2 id={title}>{props.title}</h2>}
        {props.head !== undefined && (
          <h2 id={title} className="visually-hidden">
            {props.title}
          </h2>
        )}
        <button type="button" className="button quiet" onClick={() => element.current?.close()}>
          {texts.shell.close}
        </button>
      </div>
      <div className="dialog-body">{props.children}</div>
    </dialog>
  );
}
