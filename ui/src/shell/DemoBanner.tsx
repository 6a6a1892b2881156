/** Says that what is seen is made up, and takes it away. */
import { useMay } from '../api/access';
import { useClearDemo } from '../api/workspace';
import { Sure, Wrong } from '../components/Forms';
import { QuickLink } from '../components/QuickLink';
import { whole } from '../format/format';
import { usePart } from '../texts/parts';
import { useView } from '../view/use-view';
import { usePreferences } from './preferences';

export default function DemoBanner({ conversations }: { conversations: number }) {
  const { texts, locale } = usePreferences();
  const words = usePart('start').demo;
  const may = useMay('settings');
  const clear = useClearDemo(useView());
  return (
    <section className="banner" aria-label={texts.shell.demo}>
      <strong>{texts.shell.demo}</strong>
      <span>{words.banner(whole(locale, conversations))}</span>
      <span className="row push">
        <QuickLink className="button quiet" to="/start">
          {words.own}
        </QuickLink>
        {may && <Sure label={words.clear} sure={words.sure} keep={words.keep} busy={clear.isPending} act={() => clear.mutate(undefined)} />}
      </span>
      <Wrong error={clear.error} />
    </section>
  );
}
