/*
 * Spanish. De tú, breve, tranquilo.
 */
import { speaking } from '../language'
import type { Catalogue } from './catalogue'
import { SPANISH_SHARING } from './es-sharing'

const { number, percent, count, all, clock } = speaking('es')

export const SPANISH: Catalogue = {
  words: {
    number,
    percent,

    invite: {
      mouse: 'haz clic donde quieras y di algo',
      touch: 'toca donde quieras y di algo',
    },
    alone: 'aún no hay nadie más: el enlace es la invitación',

    plane:
      'El lienzo. Barra para escribir, flechas para mirar, Intro recorre lo que se dice, interrogación muestra todas las teclas.',
    writing: 'Escribe aquí. Intro envía, Mayús e Intro cambia de línea, Escape lo descarta.',
    log: 'Lo que se está diciendo',
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
    help: 'Teclas y ayuda (?)',
    room: (n) => `quedan ${number(n)}`,
    cut: (n) => count(n, { one: '# carácter no cupo', other: '# caracteres no cupieron' }),

    share: 'Compartir',
    channel: 'canal',

    settings: 'Ajustes (,)',
    said: 'Lo dicho en los últimos minutos (")',

    people: (n) => count(n, { one: 'Solo tú', other: '# aquí' }),
    who: 'Quién está aquí',
    more: (n) => `y ${number(n)} más`,
    you: 'tú',
    yourName: 'Tu nombre',
    yourColor: 'Tu color',
    close: 'Cerrar',
    came: (named, n) =>
      n === 1
        ? `${named[0]} está aquí`
        : n > named.length
          ? `Llegaron ${number(n)} personas`
          : `${all(named)} están aquí`,
    left: (named, n) =>
      n > named.length
        ? `Se fueron ${number(n)} personas`
        : n === 1
          ? `${named[0]} se fue`
          : `${all(named)} se fueron`,

    zoomIn: 'Acercar',
    zoomOut: 'Alejar',
    home: 'Ir al centro (Inicio)',

    away: (screens) =>
      screens < 1.5 ? 'cerca' : `a ${count(screens, { one: '# pantalla', other: '# pantallas' })}`,
    outside: 'Fuera de la vista',
    someone: 'alguien',
    goTo: (who, typing, away) => `Ir con ${who}${typing ? ', escribiendo' : ''}, ${away}`,
    goToMany: (who, more, typing, away) =>
      `Ir con ${who} y ${number(more)} más${typing ? ', escribiendo' : ''}, ${away}`,
    cluster: (n) => `${number(n)} mensajes aquí. Bajar a ellos`,
    nearest: 'Ir a la charla más cercana (Fin)',
    radar:
      'Mapa de personas y charlas. Arrastra para mirar, las flechas mueven, Intro va a la charla más cercana.',
    goToPerson: (name) => `Ir con ${name}`,
    follow: 'Seguir',
    followPerson: (name) => `Seguir a ${name}`,
    following: (name) => `Siguiendo a ${name}`,
    stop: 'Parar',
    stopFollowing: 'Dejar de seguir (Escape, o mueve la vista)',

    connecting: 'Conectando',
    live: 'Conectado',
    reconnecting: (seconds) =>
      seconds > 0 ? `Nuevo intento en ${number(seconds)} s` : 'Volviendo a conectar',
    offline: 'Sin red',
    degraded: 'Ahora mismo no se llega a algunas personas.',
    degradedMeans: 'Quien ves te oye. Los demás vuelven solos.',
    now: 'ahora',
    final: {
      4501: 'El servidor cerró la conexión: no entendió esta página.',
      4503: 'Esta página es de otra versión que el servidor.',
      4504: 'Está abierto en demasiadas pestañas. Cierra una.',
      4510: 'Tu acceso no vale aquí.',
      4511: 'Tu acceso ha caducado.',
      4512: 'Te han sacado de este canal.',
    },
    finalOther: 'El servidor cerró la conexión.',
    again: 'Probar otra vez',
    reload: 'Recargar',

    refused: {
      bad_frame: 'El servidor no lo entendió.',
      rate_limited: 'Demasiado rápido para los demás.',
      payload_too_large: 'Demasiado largo para enviarlo.',
      payload_empty: 'No hay nada escrito.',
      position_invalid: 'Demasiado lejos.',
      unavailable: 'El servidor no pudo aceptarlo ahora.',
    },
    refusedOther: (message) => `No se envió: ${message}`,
    late: 'No se envió a tiempo.',
    sendAgain: 'Enviar',
    sendIn: (seconds) => `Enviar en ${number(seconds)} s`,
    letGo: 'Soltar',
    pending: 'en camino',
  },
  later: {
    opens: (host) => `Abre ${host}`,
    react: 'Reaccionar (1 a 6)',
    reactions: 'Reacciones',
    reaction: {
      heart: 'Corazón',
      spark: 'Chispa',
      laugh: 'Risa',
      wave: 'Saludo',
      agree: 'De acuerdo',
      question: 'Pregunta',
    },
    message: {
      outlived: 'ya no está para los demás',
      putAway: 'Quitar',
      putAwayKey: 'Quitar (Supr)',
      mute: 'Silenciar',
      muteKey: 'No ver nada más de esta persona (m)',
      mutePerson: (name) => `Silenciar a ${name}`,
    },
    said: {
      title: 'Lo que se dijo',
      search: 'Buscar en lo que se dijo',
      time: clock,
      nothing: 'No se dijo nada en los últimos cinco minutos.',
      notFound: 'No se dijo nada parecido en los últimos cinco minutos.',
      found: (n) => count(n, { one: '# mensaje', other: '# mensajes' }),
      more: (n) => count(n, { one: '# anterior', other: '# anteriores' }),
      kept: 'Los últimos cinco minutos, solo en esta pestaña.',
    },
    muted: {
      title: 'Personas silenciadas',
      unmute: 'Volver a oír',
      unmutePerson: (name) => `Volver a oír a ${name}`,
      why: 'No se les avisa.',
    },
    colors: {
      rust: 'Óxido',
      coral: 'Coral',
      amber: 'Ámbar',
      ochre: 'Ocre',
      olive: 'Oliva',
      moss: 'Musgo',
      fern: 'Helecho',
      jade: 'Jade',
      teal: 'Verde azulado',
      lagoon: 'Laguna',
      azure: 'Azul cielo',
      cobalt: 'Cobalto',
      indigo: 'Índigo',
      violet: 'Violeta',
      plum: 'Ciruela',
      rose: 'Rosa',
    },
    help: {
      title: 'Teclas',
      byHand:
        'Haz clic o toca para escribir ahí. Arrastra, desplaza o desliza para mirar, pellizca para acercar. Las letras escriben estés donde estés.',
      writing: 'Escribir',
      looking: 'Mirar alrededor',
      reading: 'Lo que se dice',
      opening: 'Todo lo demás',
      named: {
        Enter: 'Intro',
        Shift: 'Mayús',
        Ctrl: 'Ctrl',
        Esc: 'Esc',
        Home: 'Inicio',
        End: 'Fin',
        Delete: 'Supr',
        Tab: 'Tab',
      },
      does: {
        open: 'escribir en el centro de la vista',
        place: 'mover el cursor mientras está vacío',
        send: 'decirlo y seguir debajo',
        breakLine: 'cambiar de línea',
        drop: 'descartar lo escrito',
        pan: 'mover la vista; con Mayús, más lejos',
        zoom: 'acercar, alejar, como antes',
        nearest: 'ir a la charla más cercana',
        home: 'ir al centro',
        enter: 'al mensaje más cercano',
        walk: 'al siguiente en esa dirección',
        reply: 'escribir debajo',
        follow: 'seguir a quien lo dijo',
        mute: 'silenciar a quien lo dijo',
        putAway: 'quitarlo',
        leave: 'volver al lienzo',
        people: 'quién está aquí',
        share: 'compartir este canal',
        channels: 'otros canales',
        said: 'lo dicho en los últimos minutos',
        settings: 'ajustes',
        help: 'esta hoja',
        react: 'reaccionar donde está el puntero',
        tab: 'por los mensajes y los controles',
      },
    },
    settings: {
      title: 'Ajustes',
      close: 'Listo',
      mine: 'Se guardan en este navegador.',
      reading: 'Lectura',
      lifeFactor: 'Los mensajes duran',
      times: (n) => count(n, { one: 'como para todos', other: '# veces más' }),
      stay: 'hasta que los apartes',
      lifeFactorWhy: 'Solo para ti. Para los demás se van cuando se van.',
      quiet: 'Calma y seguridad',
      showTyping: 'Los demás te ven escribir',
      showTypingWhy: 'Si no: solo ven lo que has dicho.',
      hideCursors: 'Ocultar todos los punteros',
      hideCursorsWhy: 'Los demás siguen viendo el tuyo.',
      sound: 'Sonido de los mensajes cercanos',
      soundWhy: 'Un soplo, más tenue cuanto más lejos.',
      soft: 'suave',
      off: 'no',
      onMap: 'Los demás te encuentran en el mapa',
      onMapWhy: 'Si no: ni en su mapa ni al borde de su vista.',
      speech: 'Palabras de esta página',
      language: 'Idioma',
      asBrowser: 'el del navegador',
    },
  },
  ...SPANISH_SHARING,
}
