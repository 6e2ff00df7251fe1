import { PageHead } from '../../ui/PageHead';

export default function TenantsPage() {
  return <PageHead title="Tenants" />;
}
