import { forIdentities } from '../http/authenticate.ts';
import type { Handlers, IdentityRequest } from '../http/request.ts';
import {
  listNamespaces,
  type NamespacePorts,
  registerNamespace,
  releaseNamespace,
} from '../usecases/manage-namespaces.ts';
import { actorOf } from './parameters.ts';
import type { Namespace, NamespaceList } from './responses.ts';

export function namespaceOperations(ports: NamespacePorts): Handlers {
  return {
    registerNamespace: forIdentities(async call => {
      const { registered } = await registerNamespace(ports, actorOf(call), nameOf(call));
      const json: Namespace = { name: nameOf(call) };
      return { status: registered ? 201 : 200, json };
    }),
    listNamespaces: forIdentities(async ({ identity }) => {
      const claims = await listNamespaces(ports, identity.account);
      const json: NamespaceList = { namespaces: claims.map(({ name }) => ({ name })) };
      return { status: 200, json };
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
