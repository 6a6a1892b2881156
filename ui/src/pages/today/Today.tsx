/** Five questions, answered without a click. */
import { useTexts } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import { Came } from './Came';
import { Changed } from './Changed';
import { Cost } from './Cost';
import { FixFirst } from './FixFirst';
import { Helped } from './Helped';
import { Now } from './Now';
import { useNothing, Nothing } from '../../components/Nothing';

export default function Today() {
  const texts = useTexts();
  const view = useView();
  const nothing = useNothing(view);
  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.today}</h1>
      </div>
      {nothing ? (
        <Nothing ever={nothing === 'ever'} />
      ) : (
        <div className="grid wide today">
          <Now view={view} />
          <Came view={view} />
          <Helped view={view} />
          <Cost view={view} />
          <Changed view={view} />
          <FixFirst view={view} />
        </div>
      )}
    </>
  );
}
