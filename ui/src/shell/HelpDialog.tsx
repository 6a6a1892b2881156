/** The keys, and how the numbers are to be read. */
import { Link } from '@tanstack/react-router';

import { Dialog } from '../components/Dialog';
import { usePages } from './pages';
import { useTexts } from './preferences';

export default function HelpDialog({ close }: { close: () => void }) {
  const texts = useTexts();
  const pages = usePages().map((page): [string, string] => [`g ${page.key}`, texts.help.go(texts.pages[page.id])]);
  // What closes comes last.
  const keys = [...texts.help.keys.slice(0, -1), ...pages, ...texts.help.keys.slice(-1)];
  return (
    <Dialog title={texts.help.title} onClose={close}>
      <dl className="facts keys">
        {keys.map(([keys, does]) => [
          <dt key={keys}>
            <kbd>{keys}</kbd>
          </dt>,
          <dd key={does}>{does}</dd>,
        ])}
      </dl>
      <h3>{texts.help.numbers}</h3>
      <ul className="stack" style={{ gap: 6 }}>
        {texts.help.reading.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <div>
        <Link className="button" to="/glossary" onClick={close}>
          {texts.help.glossary}
        </Link>
      </div>
    </Dialog>
  );
}
