/*
 * Arabic. جمل قصيرة وهادئة، بلا مخاطبة بصيغة المذكر أو المؤنث حيث يمكن.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'
import { ARABIC_OTHERS } from './ar-others'
import { ARABIC_CLOSED, ARABIC_REFUSALS } from './ar-refusals'
import { ARABIC_PANELS } from './ar-panels'
import { ARABIC_SEALED } from './ar-sealed'
import { apart, ARABIC_SHARING } from './ar-sharing'
import { duration } from './ar-refusals'

const { number, percent, count } = formatter('ar')

export const ARABIC: Catalogue = {
  core: {
    number,
    percent,

    invite: { mouse: 'انقر في أي مكان وقل شيئًا', touch: 'المس أي مكان وقل شيئًا' },
    alone: 'لا أحد غيرك هنا بعد: شارك الرابط لدعوة الآخرين',

    plane:
      'اللوح. أي حرف يبدأ الكتابة، والأسهم لتحريك المشهد، وEnter للانتقال إلى الرسائل، وControl مع K لكل الأوامر، وF1 لكل المفاتيح.',
    writing: 'الكتابة هنا. Enter للإرسال، Shift مع Enter لسطر جديد، Escape لحذف النص.',
    log: 'الرسائل',
    messageBy: (who, text) => `${apart(who)}: ${apart(text)}`,
    heard: (who, where, text) =>
      where === '' ? `${apart(who)}: ${apart(text)}` : `${apart(who)}، ${where}: ${apart(text)}`,
    where: {
      aboveLeft: 'في الأعلى إلى اليسار',
      above: 'في الأعلى',
      aboveRight: 'في الأعلى إلى اليمين',
      left: 'إلى اليسار',
      right: 'إلى اليمين',
      belowLeft: 'في الأسفل إلى اليسار',
      below: 'في الأسفل',
      belowRight: 'في الأسفل إلى اليمين',
    },
    far: (where) => `بعيدًا ${where}`,
    help: 'المفاتيح والمساعدة (F1)',
    room: (n) => `بقي ${number(n)}`,
    cut: (n) =>
      count(n, {
        one: 'حرف واحد لم يتسع له المكان',
        two: 'حرفان لم يتسع لهما المكان',
        few: '# أحرف لم يتسع لها المكان',
        many: '# حرفًا لم يتسع لها المكان',
        other: '# حرف لم يتسع لها المكان',
      }),

    share: 'مشاركة',
    shareKey: 'مشاركة هذه القناة',
    channel: 'قناة',
    channelsKey: 'قنوات أخرى',

    tools: 'المزيد',
    settings: 'الإعدادات',
    history: 'رسائل الدقائق الأخيرة',

    people: (n) =>
      count(n, {
        one: 'أنت وحدك',
        two: 'اثنان هنا',
        few: '# هنا',
        many: '# هنا',
        other: '# هنا',
      }),
    who: 'من هنا',
    you: 'أنت',
    readOnly: 'الكتابة هنا الآن لصاحب القناة فقط',
    mayRead: 'القراءة هنا ممكنة، لكن الكتابة غير متاحة',
    slow: (n) => `الوضع البطيء: رسالة كل ${duration(n)}`,

    zoomIn: 'تقريب',
    zoomOut: 'إبعاد',
    home: 'إلى الوسط (Home)',

    someone: 'أحدهم',
    bot: (name: string) => `${name} · روبوت`,

    connecting: 'جارٍ الاتصال',
    live: 'متصل',
    reconnecting: (n) => (n > 0 ? `محاولة جديدة بعد ${duration(n)}` : 'إعادة الاتصال…'),
    offline: 'لا شبكة',
    degraded: 'تعذّر الوصول إلى بعض الناس الآن.',
    degradedMeans: 'من تراهم تصلهم رسائلك، والآخرون يعودون من تلقاء أنفسهم.',
    now: 'المحاولة الآن',
    closed: ARABIC_CLOSED,
    closedOther: 'أغلق الخادم الاتصال.',
    again: 'محاولة أخرى',
    reload: 'إعادة التحميل',
    incomplete: 'تعذّر تحميل جزء من هذه الصفحة. قد يكون هناك إصدار جديد.',
    incompleteAway: 'تعذّر تحميل جزء من هذه الصفحة: لا يوجد اتصال.',

    refusedOther: (message) => `لم تُرسل: ${apart(message)}`,
    late: 'لم تُرسل.',
    sendAgain: 'إرسال',
    discard: 'حذفها',
    discarded: 'حُذف النص',
    hidden: 'أُخفيت الرسالة',
    pending: 'جارٍ الإرسال',
  },
  others: ARABIC_OTHERS,
  refusals: ARABIC_REFUSALS,
  panels: ARABIC_PANELS,
  ...ARABIC_SHARING,
  sealed: ARABIC_SEALED,
}
