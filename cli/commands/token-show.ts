/** `token-show`: everything about one token but its value, for administrators by its identifier, and for its holder. */
import type { Context } from '../context.ts';
import { isEmpty, labelsText, listingOf, usedText } from '../text.ts';
import { OWN_OR_OTHER, tokenId } from '../token-id.ts';
import { ANY_HELD, heldEntries, ownValue } from './own-token.ts';
import { ANY_TOKEN, type AnyToken, tokenEntries } from './token-options.ts';
import type { Verb } from './verbs.ts';

export function showVerb(context: Context): Verb {
  return {
    name: 'show',
    description: 'show a token, without its value',
    build: command =>
      command.argument(...OWN_OR_OTHER).action((id: string | undefined) => showToken(context, id)),
  };
}

async function showToken(context: Context, id: string | undefined): Promise<void> {
  const { output } = context;
  const session = await context.session();
  if (id === undefined) {
    ownValue(session);
    const held = await session.ask(ANY_HELD, { path: '/v1/token' });
    return output.show(held, listingOf(heldEntries(held)));
  }
  const path = `/v1/tokens/${await tokenId(session, id)}` as const;
  const token = await session.ask(ANY_TOKEN, { path });
  await output.show(token, wholeListing(token));
}

/** Names and values, a line each. What a deployment of before does not send is left out. */
function wholeListing(token: AnyToken): string[] {
  const { name, owner, labels, createdAt, createdBy, generation, valueIssuedAt, selfRotate } = token;
  return listingOf([
    ...tokenEntries(token),
    ...given('Name', name),
    ...given('Owner', owner),
    ...given('Labels', labels && !isEmpty(labels) ? labelsText(labels) : null),
    ['Added', `${createdAt} by ${createdBy}`],
    ...given(
      'Value issued',
      generation && `${valueIssuedAt ?? 'at an unknown time'}, generation ${generation}`,
    ),
    ...uses(token),
    ...given('Disabled at', token.disabledAt && `${token.disabledAt} by ${token.disabledBy ?? 'unknown'}`),
    ['Value shown again', token.retrievable ? 'yes' : 'no'],
    ...given('Rotation', selfRotate && 'also by its holder, once an hour'),
  ]);
}

type Entries = [name: string, value: string][];

/** Of both values, while there are two. */
function uses({ lastUsed, previousValue }: AnyToken): Entries {
  return [
    ...given('Value used', lastUsed && usedText(lastUsed)),
    ...given('Old value', previousValue && `works until ${previousValue.endsAt}`),
    ...given('Old value used', previousValue?.lastUsed && usedText(previousValue.lastUsed)),
  ];
}

function given(name: string, value: string | number | false | null | undefined): Entries {
  return value === null || value === undefined || value === false || value === ''
    ? []
    : [[name, String(value)]];
}
