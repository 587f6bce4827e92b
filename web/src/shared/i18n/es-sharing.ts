/*
 * Spanish: the start page and sharing.
 */
import type { Catalogue } from './catalogue'

export const SPANISH_SHARING: Pick<Catalogue, 'sharing' | 'demo'> = {
  sharing: {
    share: 'Compartir este canal',
    what: 'Qué abre el enlace',
    thisChannel: 'Este canal',
    thisSpot: 'Este punto',
    spotKept: 'El punto está solo en el enlace; ningún servidor lo guarda.',
    address: 'El enlace',
    copy: 'Copiar enlace',
    copied: 'Enlace copiado',
    copyYourself: 'Copia este enlace',
    send: 'Enviar…',
    qr: 'El enlace como código QR',
    nobodyYet: 'Aún no hay nadie más aquí.',
    sendLink: 'Envía el enlace a quien quieras.',
    onlyInvited: 'Solo puede entrar quien tenga una invitación.',
    onlyInvitedByYou: 'Este canal es privado: invita a otras personas.',
    notNow: 'Ahora no',

    channels: 'Canales',
    recent: 'Recientes',
    forget: (channel) => `Olvidar ${channel}`,
    starChannel: (channel) => `Marcar ${channel} con estrella`,
    newChannel: 'Abrir un canal nuevo',
    toStart: 'A la página de inicio',

    what1: 'Un lienzo para hablar.',
    what2: 'Las palabras aparecen donde tocas y se desvanecen.',
    rest: 'Pausar la demo',
    join: 'o entra en uno por su nombre',
    joinNow: 'Entrar',
    joinEmpty: 'Escribe el nombre de un canal o pega un enlace.',
    rule: 'El nombre de un canal tiene de 1 a 64 letras de la a a la z, cifras, guiones o guiones bajos.',
    nearest: (channel) => `Ir a ${channel}`,

    notFound: 'Ese canal no existe.',

    offlineTitle: 'Sin conexión · Asocial',
    offline: 'No se puede acceder a Asocial ahora mismo.',
    offlineWhy: 'Tu red o el servidor no están disponibles. Esta página vuelve a comprobarlo sola.',
    again: 'Probar otra vez',
    looking: 'Comprobando…',
  },
  demo: {
    people: ['Mira', 'Jonás', 'Aiko', 'Sam'],
    lines: [
      '¿llueve donde estás?',
      'no, pero huele a que va a llover',
      'en un tejado de zinc, el mejro\b\bor sonido',
      '¿qué me he perdido?',
      'no se guarda nada, así que: todo',
      'dilo otra vez y será nuevo',
      'te veo pensar',
      'por cierto, somos inventados',
      'las próximas palabras podrían ser tuyas',
    ],
  },
}
