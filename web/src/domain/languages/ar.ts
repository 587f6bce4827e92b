/*
 * Arabic. جمل قصيرة وهادئة، بلا مخاطبة بصيغة المذكر أو المؤنث حيث يمكن.
 */
import { speaking } from '../language'
import type { Catalogue } from './catalogue'
import { apart, ARABIC_SHARING } from './ar-sharing'

const { number, percent, count } = speaking('ar')

const messages = (n: number) =>
  count(n, {
    zero: 'لا رسائل',
    one: 'رسالة واحدة',
    two: 'رسالتان',
    few: '# رسائل',
    many: '# رسالة',
    other: '# رسالة',
  })
const seconds = (n: number) =>
  count(n, {
    one: 'ثانية',
    two: 'ثانيتين',
    few: '# ثوانٍ',
    many: '# ثانية',
    other: '# ثانية',
  })

export const ARABIC: Catalogue = {
  words: {
    number,
    percent,

    invite: { mouse: 'انقر في أي مكان وقل شيئًا', touch: 'المس أي مكان وقل شيئًا' },
    alone: 'لا أحد غيرك هنا بعد: الرابط هو الدعوة',

    plane:
      'اللوح. الشرطة المائلة للكتابة، والأسهم للنظر حولك، وEnter للتنقل بين ما يقال، وعلامة الاستفهام لكل المفاتيح.',
    writing: 'الكتابة هنا. Enter للإرسال، Shift مع Enter لسطر جديد، Escape للتراجع.',
    log: 'ما يقال الآن',
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
    help: 'المفاتيح والمساعدة (?)',
    left: (n) => `بقي ${number(n)}`,
    cut: (n) =>
      count(n, {
        one: 'حرف واحد لم يتسع له المكان',
        two: 'حرفان لم يتسع لهما المكان',
        few: '# أحرف لم يتسع لها المكان',
        many: '# حرفًا لم يتسع لها المكان',
        other: '# حرف لم يتسع لها المكان',
      }),

    share: 'مشاركة',
    channel: 'قناة',

    settings: 'الإعدادات (,)',

    people: (n) =>
      count(n, {
        one: 'أنت وحدك',
        two: 'اثنان هنا',
        few: '# هنا',
        many: '# هنا',
        other: '# هنا',
      }),
    who: 'من هنا',
    more: (n) => `و${number(n)} آخرون`,
    you: 'أنت',
    yourName: 'اسمك',
    yourColor: 'لونك',
    close: 'إغلاق',
    joined: (name) => `${apart(name)} هنا`,
    gone: (name) => `غادر ${apart(name)}`,

    zoomIn: 'تقريب',
    zoomOut: 'إبعاد',
    home: 'إلى الوسط (Home)',

    away: (screens) =>
      screens < 1.5
        ? 'قريب'
        : `على بعد ${count(screens, {
            one: 'شاشة',
            two: 'شاشتين',
            few: '# شاشات',
            many: '# شاشة',
            other: '# شاشة',
          })}`,
    outside: 'خارج المشهد',
    someone: 'أحدهم',
    goTo: (who, typing, away) => `إلى ${apart(who)}${typing ? '، يكتب الآن' : ''}، ${away}`,
    goToMany: (who, more, typing, away) =>
      `إلى ${apart(who)} و${number(more)} معه${typing ? '، يكتبون الآن' : ''}، ${away}`,
    cluster: (n) => `${messages(n)} هنا. النزول إليها`,
    nearest: 'إلى أقرب حديث (End)',
    radar: 'خريطة الناس والأحاديث. السحب للنظر حولك، والأسهم للتحرك، وEnter إلى أقرب حديث.',
    goToPerson: (name) => `إلى ${apart(name)}`,
    follow: 'متابعة',
    followPerson: (name) => `متابعة ${apart(name)}`,
    following: (name) => `تتابع ${apart(name)}`,
    stop: 'توقف',
    stopFollowing: 'إيقاف المتابعة (Escape، أو تحريك المشهد)',

    connecting: 'جارٍ الاتصال',
    live: 'متصل',
    reconnecting: (n) => (n > 0 ? `محاولة جديدة بعد ${seconds(n)}` : 'إعادة الاتصال'),
    offline: 'لا شبكة',
    degraded: 'تعذّر الوصول إلى بعض الناس الآن',
    now: 'الآن',
    final: {
      4501: 'أغلق الخادم الاتصال: لم يفهم هذه الصفحة.',
      4503: 'هذه الصفحة من إصدار غير إصدار الخادم.',
      4504: 'الصفحة مفتوحة في ألسنة كثيرة. يكفي إغلاق واحد.',
      4510: 'دخولك غير صالح هنا.',
      4511: 'انتهت صلاحية دخولك.',
      4512: 'أُخرجت من هذه القناة.',
    },
    finalOther: 'أغلق الخادم الاتصال.',
    again: 'محاولة أخرى',
    reload: 'إعادة التحميل',

    refused: {
      bad_frame: 'لم يفهمها الخادم.',
      rate_limited: 'أسرع مما يلحقه الآخرون.',
      payload_too_large: 'أطول من أن تُرسل.',
      payload_empty: 'لا شيء فيها.',
      position_invalid: 'بعيدة جدًا.',
      unavailable: 'لم يستطع الخادم قبولها الآن.',
    },
    refusedOther: (message) => `لم تُرسل: ${apart(message)}`,
    late: 'لم تُرسل في وقتها.',
    sendAgain: 'إرسال',
    sendIn: (n) => `الإرسال بعد ${seconds(n)}`,
    letGo: 'تركها',
    pending: 'في الطريق',
  },
  later: {
    opens: (host) => `يفتح ${apart(host)}`,
    react: 'تفاعل (1 إلى 6)',
    reactions: 'تفاعلات',
    reaction: {
      heart: 'قلب',
      spark: 'شرارة',
      laugh: 'ضحك',
      wave: 'تلويح',
      agree: 'موافقة',
      question: 'سؤال',
    },
    colors: {
      rust: 'صدئي',
      coral: 'مرجاني',
      amber: 'كهرماني',
      ochre: 'مغري',
      olive: 'زيتوني',
      moss: 'طحلبي',
      fern: 'سرخسي',
      jade: 'يشمي',
      teal: 'أخضر مزرق',
      lagoon: 'لون البحيرة',
      azure: 'سماوي',
      cobalt: 'كوبالتي',
      indigo: 'نيلي',
      violet: 'بنفسجي',
      plum: 'برقوقي',
      rose: 'وردي',
    },
    help: {
      title: 'المفاتيح',
      byHand:
        'النقر أو اللمس للكتابة في المكان. السحب أو التمرير للنظر حولك، وبإصبعين للتقريب. الحروف تكتب أينما كنت.',
      writing: 'الكتابة',
      looking: 'النظر حولك',
      reading: 'ما يقال',
      opening: 'ما عدا ذلك',
      named: {
        Enter: 'Enter',
        Shift: 'Shift',
        Ctrl: 'Ctrl',
        Esc: 'Esc',
        Home: 'Home',
        End: 'End',
        Tab: 'Tab',
      },
      does: {
        open: 'الكتابة وسط المشهد',
        place: 'تحريك موضع الكتابة ما دام فارغًا',
        send: 'قولها، ثم الكتابة تحتها',
        breakLine: 'سطر جديد',
        drop: 'التراجع عما كُتب',
        pan: 'تحريك المشهد؛ ومع Shift أبعد',
        zoom: 'تقريب، إبعاد، كما كان',
        nearest: 'إلى أقرب حديث',
        home: 'إلى الوسط',
        enter: 'إلى أقرب رسالة',
        walk: 'إلى التالية في ذلك الاتجاه',
        reply: 'الكتابة تحتها',
        follow: 'متابعة قائلها',
        leave: 'العودة إلى اللوح',
        people: 'من هنا',
        share: 'مشاركة هذه القناة',
        channels: 'قنوات أخرى',
        settings: 'الإعدادات',
        help: 'هذه الورقة',
        react: 'التفاعل حيث المؤشر',
        tab: 'بين الرسائل والأزرار',
      },
    },
    settings: {
      title: 'الإعدادات',
      close: 'تم',
      mine: 'تُحفظ في هذا المتصفح.',
      reading: 'القراءة',
      lifeFactor: 'بقاء الرسائل',
      times: (n) =>
        count(n, {
          one: 'كما للجميع',
          two: 'ضعف المدة',
          few: '# أضعاف المدة',
          many: '# ضعفًا',
          other: '# ضعف',
        }),
      stay: 'حتى تُبعد باليد',
      lifeFactorWhy: 'لك وحدك. عند الآخرين تذهب حين تذهب.',
      quiet: 'الهدوء والأمان',
      showTyping: 'يرى الآخرون ما تكتبه حرفًا حرفًا',
      showTypingWhy: 'عند الإيقاف: لا يرون إلا ما قلته.',
      hideCursors: 'إخفاء كل المؤشرات',
      hideCursorsWhy: 'يبقى مؤشرك ظاهرًا للآخرين.',
      sound: 'صوت الرسائل القريبة',
      soundWhy: 'نفَس يخفت كلما ابتعد.',
      soft: 'خافت',
      off: 'بلا صوت',
      onMap: 'يجدك الآخرون على الخريطة',
      onMapWhy: 'عند الإيقاف: لا على خريطتهم ولا على حافة مشهدهم.',
      speech: 'كلمات الصفحة',
      language: 'اللغة',
      asBrowser: 'لغة المتصفح',
    },
  },
  ...ARABIC_SHARING,
}
