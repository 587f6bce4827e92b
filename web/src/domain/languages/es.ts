/*
 * Spanish. De tú, breve, tranquilo.
 */
import { speaking } from '../language'
import type { Catalogue } from './catalogue'

const { number, percent, count } = speaking('es')

export const SPANISH: Catalogue = {
  words: {
    number,
    percent,

    invite: {
      mouse: 'haz clic donde quieras y di algo',
      touch: 'toca donde quieras y di algo',
    },
    alone: 'aún no hay nadie más: el enlace es la invitación',

    plane: 'El lienzo. Haz clic o pulsa la barra para escribir; las flechas mueven la vista.',
    writing: 'Escribe aquí. Intro envía, Mayús e Intro cambia de línea, Escape lo descarta.',
    log: 'Lo que se está diciendo',
    left: (n) => `quedan ${number(n)}`,
    cut: (n) => count(n, { one: '# carácter no cupo', other: '# caracteres no cupieron' }),

    copy: 'Copiar enlace',
    copied: 'Enlace copiado',
    copyYourself: 'Cópialo de aquí',
    channel: 'canal',

    settings: 'Ajustes (,)',

    people: (n) => count(n, { one: 'Solo tú', other: '# aquí' }),
    who: 'Quién está aquí',
    more: (n) => `y ${number(n)} más`,
    you: 'tú',
    yourName: 'Tu nombre',
    yourColor: 'Tu color',
    close: 'Cerrar',
    joined: (name) => `${name} está aquí`,
    gone: (name) => `${name} se fue`,

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
    degraded: 'Ahora mismo no se llega a algunas personas',
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

    noPlace: 'Ese canal no existe.',
    noPlaceWhy: 'El nombre de un canal tiene de 1 a 64 letras, cifras, guiones o guiones bajos.',
    toDefault: 'Ir al canal abierto',
  },
  later: {
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
      onMap: 'Los demás te encuentran en el mapa',
      onMapWhy: 'Si no: ni en su mapa ni al borde de su vista.',
      speech: 'Palabras de esta página',
      language: 'Idioma',
      asBrowser: 'el del navegador',
    },
  },
}
