/** What becomes of what people write, and how it is set. */
import { Link } from '@tanstack/react-router';

import { useMay } from '../../api/access';
import { Card } from '../../components/Cards';
import { usePart } from '../../texts/parts';
import { Erasing } from './Erasing';
import { Keeping } from './Keeping';
import { TextMode } from './TextMode';

export function Privacy() {
  const words = usePart('settings').privacy;
  const audit = usePart('settings').section.audit;
  const mayAudit = useMay('audit');
  return (
    <>
      <Card title={usePart('settings').section.privacy} hint={words.hint}>
        <TextMode />
        <p className="soft">{words.setHow}</p>
        <p className="soft">{words.recognised}</p>
        <p>
          {words.read} {mayAudit && <Link to="/settings" search={{ section: 'audit' }}>{audit}</Link>}
        </p>
      </Card>
      <Keeping />
      <Erasing />
    </>
  );
}
