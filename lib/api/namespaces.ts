import { forIdentities } from '../http/authenticate.ts';
import type { Handlers, IdentityRequest } from '../http/request.ts';
import {
  listNamespaces,
  type NamespacePorts,
  registerNamespace,
  releaseNamespace,
} from '../usecases/manage-namespaces.ts';
import { actorOf } from './parameters.ts';

export function namespaceOperations(ports: NamespacePorts): Handlers {
  return {
    registerNamespace: forIdentities(async call => {
      const { registered } = await registerNamespace(ports, actorOf(call), nameOf(call));
      return { status: registered ? 201 : 200, json: { name: nameOf(call) } };
    }),
    listNamespaces: forIdentities(async ({ identity }) => {
      const claims = await listNamespaces(ports, identity.account);
      return { status: 200, json: { namespaces: claims.map(({ name }) => ({ name })) } };
    }),
    releaseNamespace: forIdentities(async call => {
      await releaseNamespace(ports, actorOf(call), nameOf(call));
      return { status: 204 };
    }),
  };
}

function nameOf({ params }: IdentityRequest): string {
  return params.name ?? '';
}
