/** Computations by name whose values keep their digits. */
import { readExact, writeDocument } from './exact'
import { guard, native } from './native'

/** A topic of the engine. */
type Topic = 'waste' | 'allocation' | 'findings'

/** @internal A computation from JSON text to JSON text. */
export function callTopic(topic: Topic, kind: string, text: string): string {
  return guard(() => native.topicCall(topic, kind, text))
}

/** @internal The names of every computation of a topic. */
export const topicKinds = (topic: Topic): string[] => JSON.parse(callTopic(topic, '', '')) as string[]

/** @internal A computation from a value, or from JSON text, to its answer with the names of the wire. */
export const topicKind =
  (topic: Topic) =>
  (kind: string) =>
  (input: unknown): any =>
    readExact(callTopic(topic, kind, typeof input === 'string' ? input : writeDocument(input, 'input')))
