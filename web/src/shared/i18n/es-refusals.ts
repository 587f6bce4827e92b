/*
 * Spanish: why a connection was closed or refused, and why a message was.
 */
import type { Catalogue } from './catalogue'

export const SPANISH_CLOSED: Catalogue['core']['closed'] = {
  4013: 'Tu red se ha conectado demasiadas veces en el último minuto.',
  4501: 'El servidor cerró la conexión: no entendió esta página.',
  4503: 'Esta página y el servidor tienen versiones distintas.',
  4504: 'Esta página está abierta en demasiadas pestañas. Cierra una.',
  4510: 'Tu acceso no vale aquí.',
  4511: 'Tu acceso ha caducado.',
  4512: 'Te han sacado de este canal.',
}

export const SPANISH_REFUSALS: Catalogue['refusals'] = {
  connection: {
    members_only: 'Este canal es privado. Quien lo administra puede invitarte.',
    channel_private: 'Este canal es privado. Quien lo administra puede invitarte.',
    channel_invalid: 'Un canal no puede llamarse así.',
    origin_forbidden:
      'Este servidor no acepta conexiones de páginas en esta dirección. El motivo está en el registro del servidor.',
    too_many_connections: 'Hay demasiadas conexiones abiertas desde tu red. Cierra otras pestañas.',
    identity_unavailable: 'El servidor no puede comprobar los accesos ahora.',
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
    read_only: 'Ahora solo puede escribir quien administra el canal.',
    token_invalid: 'Tu sesión no se pudo renovar.',
    not_owner: 'Eso solo puede hacerlo quien administra el canal.',
  },
  limited: {
    user: 'Enviaste demasiados mensajes en un minuto.',
    address: 'Llegaron demasiados mensajes de tu red.',
    channel: 'Ahora escribe aquí demasiada gente.',
    slow: 'El modo lento está activado: espera antes de tu próximo mensaje.',
    strokes: 'Dibujaste demasiadas líneas en un minuto.',
  },
}
