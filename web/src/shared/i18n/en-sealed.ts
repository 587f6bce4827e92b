/*
 * English texts of sealed channels, and of the way to one on the start page. Not in the first load.
 */
import { section } from './section'

export const SEALED_STRINGS = section('sealed', {
  title: 'Sealed channel',
  open: 'Open a sealed channel',
  openWhy: 'Only people with the link can read it, not even this server.',
  lock: 'Sealed channel: what is protected',
  protects:
    'Only people with the link can see the names, and what is written, drawn and pointed at here; this server passes it on and cannot read it.',
  exposes:
    'The server still sees who is here, and when and how much they send; it also sends you this page, and a changed page could read everything.',
  remember: 'Remember this channel in this browser',
  rememberWhy:
    'Stores the whole link with its key. Then everybody who uses this browser can open the channel.',
  dropped: 'Something that could not be verified was left out.',
  problem: {
    damaged: {
      title: 'This link is damaged.',
      why: 'A part of its key is missing or changed, so the page has not connected. Ask for the link again and open all of it, or scan its QR code.',
    },
    missing: {
      title: 'This link has no key.',
      why: 'Without the part after # nobody can open a sealed channel, so the page has not connected. Ask for the whole link.',
    },
    leaked: {
      title: 'The server has seen the key of this link.',
      why: 'The link was changed on its way, and its key reached the server. Open a new sealed channel, and send its link in another way.',
    },
    insecure: {
      title: 'A channel cannot be sealed at this address.',
      why: 'Browsers encrypt only on pages that come over https, and this one came over plain http. Ask the operator of this server for an https address.',
    },
  },
})
