/*
 * Spanish: why a connection was closed or refused, and why a message was.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'

const { duration } = formatter('es')

export const SPANISH_CLOSED: Catalogue['core']['closed'] = {
  4013: 'Ahora mismo se conectan demasiadas personas desde tu red.',
  4501: 'El servidor cerró la conexión: no entendió esta página.',
  4503: 'Esta página y el servidor tienen versiones distintas.',
  4504: 'Esta página está abierta en demasiadas pestañas. Cierra una.',
  4510: 'Tu inicio de sesión no es válido aquí.',
  4511: 'Tu sesión ha caducado.',
  4512: 'Te han sacado de este canal.',
  4513: 'Este canal está cerrado.',
  4514: 'Este servidor no te deja entrar ahora mismo.',
  4515: 'Este canal sellado está lleno: hay 200 personas. Inténtalo otra vez cuando alguien se haya ido.',
}

export const SPANISH_REFUSALS: Catalogue['refusals'] = {
  connection: {
    members_only: 'Este canal es privado. Quien lo administra puede invitarte.',
    channel_private: 'Este canal es privado. Quien lo administra puede invitarte.',
    sealed_channel: 'Este canal está sellado. Necesitas el enlace completo para entrar.',
    channel_invalid: 'Un canal no puede llamarse así.',
    origin_forbidden:
      'Este servidor no acepta conexiones de páginas en esta dirección. El motivo está en el registro del servidor.',
    too_many_connections: 'Hay demasiadas conexiones abiertas desde tu red. Cierra otras pestañas.',
    identity_unavailable: 'El servidor no puede comprobar los inicios de sesión ahora.',
    unavailable: 'El servidor no puede hacerlo ahora.',
    not_upgraded:
      'El servidor responde, pero las conexiones WebSocket no le llegan. Puede que un proxy o un filtro en el camino las bloquee.',
  },
  message: {
    bad_frame: 'El servidor no entendió este mensaje.',
    rate_limited: 'Envías demasiado rápido.',
    payload_too_large: 'El mensaje es demasiado largo.',
    payload_empty: 'El mensaje está vacío.',
    position_invalid: 'Demasiado lejos del centro del lienzo.',
    unavailable: 'El servidor no pudo aceptarlo ahora.',
    not_sealed: 'Este canal está sellado. Solo acepta mensajes sellados.',
    read_only: 'Ahora solo puede escribir quien administra el canal.',
    token_invalid: 'Tu sesión no se pudo renovar.',
    not_owner: 'Eso solo puede hacerlo quien administra el canal.',
  },
  limited: {
    user: 'Demasiados mensajes en un minuto.',
    address: 'Demasiados mensajes desde tu red.',
    channel: 'Aquí escribe ahora demasiada gente.',
    slow: 'El modo lento está activado.',
    strokes: 'Demasiadas líneas en un minuto.',
  },
  wait: (seconds) => `Espera ${duration(seconds)} antes de volver a enviar.`,
}
