/*
 * The sound of a new message: soft noise with a tone in it, synthesized.
 *
 * Browsers allow sound after the user's first gesture; until then nothing is created. Between sounds the engine rests: one
 * that runs keeps the audio device open and uses the battery.
 */
import type { Tone } from '../model/tones'

/** Soft: quieter than speech. */
const LOUDEST = 0.05
const RISE_S = 0.07
const FALL_S = 0.5
/** how long after the last sound the engine goes on: another message may come */
const REST_AFTER_MS = 2_000

export function createSound() {
  let context: AudioContext | undefined
  let noise: AudioBuffer | undefined
  let rest: ReturnType<typeof setTimeout> | undefined

  /** White noise, made once. */
  function noiseOn(on: AudioContext): AudioBuffer {
    const buffer = on.createBuffer(1, on.sampleRate, on.sampleRate)
    const samples = buffer.getChannelData(0)
    for (let i = 0; i < samples.length; i += 1) samples[i] = Math.random() * 2 - 1
    return buffer
  }

  function synthesize({ volume, pan, hertz, after = 0 }: Tone) {
    context ??= new AudioContext()
    // Not only of one that is suspended: Safari interrupts it for a phone call.
    if (context.state !== 'running') context.resume().catch(() => undefined)
    noise ??= noiseOn(context)
    const from = context.currentTime + after
    const until = from + RISE_S + FALL_S

    const loudness = context.createGain()
    loudness.gain.setValueAtTime(0, from)
    loudness.gain.linearRampToValueAtTime(volume * LOUDEST, from + RISE_S)
    loudness.gain.setTargetAtTime(0, from + RISE_S, FALL_S / 5)
    // Safari before 14.1 has no sides.
    const side = context.createStereoPanner?.()
    if (side) side.pan.value = pan
    if (side) loudness.connect(side).connect(context.destination)
    else loudness.connect(context.destination)

    const source = context.createBufferSource()
    source.buffer = noise
    source.loop = true
    const filter = context.createBiquadFilter()
    filter.type = 'bandpass'
    filter.frequency.value = hertz * 4
    filter.Q.value = 1.4
    source.connect(filter).connect(loudness)
    const tone = context.createOscillator()
    tone.frequency.value = hertz * 2
    const quieter = context.createGain()
    quieter.gain.value = 0.5
    tone.connect(quieter).connect(loudness)
    source.start(from, Math.random() * 0.4)
    tone.start(from)
    for (const each of [source, tone]) each.stop(until)
    clearTimeout(rest)
    const over = (after + RISE_S + FALL_S) * 1_000
    rest = setTimeout(() => context?.suspend().catch(() => undefined), over + REST_AFTER_MS)
  }

  return {
    play(tone: Tone) {
      // Browsers without `userActivation` block the sound themselves.
      if (navigator.userActivation?.hasBeenActive === false) return
      try {
        synthesize(tone)
      } catch {
        // No sound in this browser, or too many sounds at once.
      }
    },
    close() {
      clearTimeout(rest)
      context?.close().catch(() => undefined)
      context = undefined
      noise = undefined
    },
  }
}
