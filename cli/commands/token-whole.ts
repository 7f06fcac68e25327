/** A token shown whole: everything about it but its value. */
import { isEmpty, labelsText, listingOf, usedText } from '../text.ts';
import { type AnyToken, tokenEntries } from './token-options.ts';

/** Names and values, a line each. What a deployment of before does not send is left out. */
export function wholeListing(token: AnyToken): string[] {
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
