/*
 * The sound of words appearing on a window: a breath with a little tone in it, made here, no file.
 *
 * A browser lets a page be heard after its visitor's first gesture; until then nothing is made at all.
 */
import type { Tone } from '../model/tones'

/** Soft: below speech, above nothing. */
const LOUDEST = 0.05
const RISE_S = 0.07
const FALL_S = 0.5

export function createSound() {
  let context: AudioContext | undefined
  let air: AudioBuffer | undefined

  /** White noise, made once: what a breath is before a mouth forms it. */
  function airOf(on: AudioContext): AudioBuffer {
    const buffer = on.createBuffer(1, on.sampleRate, on.sampleRate)
    const samples = buffer.getChannelData(0)
    for (let i = 0; i < samples.length; i += 1) samples[i] = Math.random() * 2 - 1
    return buffer
  }

  function breathe({ volume, pan, hertz }: Tone) {
    context ??= new AudioContext()
    if (context.state === 'suspended') context.resume().catch(() => undefined)
    air ??= airOf(context)
    const from = context.currentTime
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

    const breath = context.createBufferSource()
    breath.buffer = air
    breath.loop = true
    const mouth = context.createBiquadFilter()
    mouth.type = 'bandpass'
    mouth.frequency.value = hertz * 4
    mouth.Q.value = 1.4
    breath.connect(mouth).connect(loudness)
    const voice = context.createOscillator()
    voice.frequency.value = hertz * 2
    const quieter = context.createGain()
    quieter.gain.value = 0.5
    voice.connect(quieter).connect(loudness)
    breath.start(from, Math.random() * 0.4)
    voice.start(from)
    for (const source of [breath, voice]) source.stop(until)
  }

  return {
    play(tone: Tone) {
      // A browser that does not tell keeps us silent itself.
      if (navigator.userActivation?.hasBeenActive === false) return
      try {
        breathe(tone)
      } catch {
        // Sound is switched off in this browser, or too much of it is in use: the page is as good without.
      }
    },
    close() {
      context?.close().catch(() => undefined)
      context = undefined
      air = undefined
    },
  }
}
