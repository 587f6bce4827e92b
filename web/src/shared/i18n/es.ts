/*
 * Spanish. De tú, breve, tranquilo.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'
import { SPANISH_OTHERS } from './es-others'
import { SPANISH_CLOSED, SPANISH_REFUSALS } from './es-refusals'
import { SPANISH_PANELS } from './es-panels'
import { SPANISH_SEALED } from './es-sealed'
import { SPANISH_SHARING } from './es-sharing'

const { number, percent, count, duration } = formatter('es')

export const SPANISH: Catalogue = {
  core: {
    number,
    percent,

    invite: {
      mouse: 'haz clic donde quieras y di algo',
      touch: 'toca donde quieras y di algo',
    },
    alone: 'aún no hay nadie más: comparte el enlace para invitar',

    plane:
      'El lienzo. Las letras empiezan a escribir, las flechas mueven la vista, Intro va a los mensajes, Control y K muestra todas las órdenes, F1 todas las teclas.',
    writing:
      'Escribe aquí. Intro envía, Mayús e Intro empieza otra línea, Escape descarta el texto.',
    log: 'Mensajes',
    messageBy: (who, text) => `${who}: ${text}`,
    heard: (who, where, text) => (where === '' ? `${who}: ${text}` : `${who}, ${where}: ${text}`),
    where: {
      aboveLeft: 'arriba a la izquierda',
      above: 'arriba',
      aboveRight: 'arriba a la derecha',
      left: 'a la izquierda',
      right: 'a la derecha',
      belowLeft: 'abajo a la izquierda',
      below: 'abajo',
      belowRight: 'abajo a la derecha',
    },
    far: (where) => `lejos, ${where}`,
    help: 'Teclas y ayuda (F1)',
    room: (n) => `quedan ${number(n)}`,
    cut: (n) => count(n, { one: '# carácter no cupo', other: '# caracteres no cupieron' }),

    share: 'Compartir',
    shareKey: 'Compartir este canal',
    channel: 'canal',
    channelsKey: 'Otros canales',

    tools: 'Más',
    settings: 'Ajustes',
    history: 'Mensajes de los últimos minutos',

    people: (n) => count(n, { one: 'Solo tú', other: '# aquí' }),
    who: 'Quién está aquí',
    you: 'tú',
    readOnly: 'Ahora solo puede escribir quien administra el canal',
    mayRead: 'Aquí puedes leer, pero no escribir',
    slow: (seconds) => `Modo lento: un mensaje cada ${duration(seconds)}`,

    zoomIn: 'Acercar',
    zoomOut: 'Alejar',
    home: 'Ir al centro (Inicio)',

    someone: 'alguien',
    bot: (name: string) => `${name} · bot`,

    connecting: 'Conectando',
    live: 'Conectado',
    reconnecting: (seconds) =>
      seconds > 0 ? `Nuevo intento en ${number(seconds)} s` : 'Volviendo a conectar…',
    offline: 'Sin red',
    degraded: 'Ahora mismo no se puede contactar con algunas personas.',
    degradedMeans:
      'Las personas que ves reciben tus mensajes. Las demás volverán sin que hagas nada.',
    now: 'Probar ahora',
    closed: SPANISH_CLOSED,
    closedOther: 'El servidor cerró la conexión.',
    again: 'Probar otra vez',
    reload: 'Recargar',
    incomplete: 'No se pudo cargar una parte de esta página. Puede haber una nueva versión.',
    incompleteAway: 'No se pudo cargar una parte de esta página: no hay conexión.',

    refusedOther: (message) => `No se envió: ${message}`,
    late: 'No se envió.',
    sendAgain: 'Enviar',
    discard: 'Descartar',
    discarded: 'Borrador descartado',
    hidden: 'Mensaje oculto',
    pending: 'enviando',
  },
  others: SPANISH_OTHERS,
  refusals: SPANISH_REFUSALS,
  panels: SPANISH_PANELS,
  ...SPANISH_SHARING,
  sealed: SPANISH_SEALED,
}
