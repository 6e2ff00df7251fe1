import { PageHead } from '../../ui/PageHead';

export default function SubmitPage() {
  return <PageHead title="Submit" />;
}
