import { PageHead } from '../../ui/PageHead';

export default function EndpointPage() {
  return <PageHead title="Endpoint" />;
}
