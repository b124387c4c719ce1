import { defineBuilder, definePackageFormat } from '../../dsl/vocabulary.ts'

/** Where the stage leaves the packages that it built, and the image finds them. */
const PACKAGES = '/tmp/aur-pkgs'

/** Packages of the Arch User Repository: a stage builds them, pacman installs them from there. (IMG-33, LAY-50) */
export const aurPackages = definePackageFormat({
  name: 'aur',
  fields: { replaces: 'words' },
  needPackages: ['replaces'],
  commands: () => ({ install: [`pacman -U --noconfirm ${PACKAGES}/*.pkg.tar.zst`, `rm -rf ${PACKAGES}`] }),
})

/** Builds them with yay, which refuses to work as root and asks for root's rights through sudo. (IMG-42) */
export const aur = defineBuilder({
  name: 'aur',
  section: aurPackages,
  artifacts: () => [`${PACKAGES}/`],
  stage: ({ section, user, uid, home }) => [
    { user: 'root' },
    { run: [`echo '${user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/builder`] },
    { user: String(uid) },
    { workdir: home },
    { env: { XDG_CACHE_HOME: '/tmp/aur-xdg-cache' } },
    {
      caches: [
        { path: '/var/cache/pacman/pkg' },
        { path: '/tmp/aur-srcdest', owned: true },
        { path: '/tmp/aur-xdg-cache', owned: true },
      ],
      run: [
        'mkdir -p /tmp/aur-build /tmp/aur-srcdest /tmp/aur-xdg-cache',
        'cp /etc/makepkg.conf /tmp/makepkg.conf',
        "sed -i '/^OPTIONS/s/ debug/ !debug/' /tmp/makepkg.conf",
        "echo 'SRCDEST=/tmp/aur-srcdest' >> /tmp/makepkg.conf",
        {
          command: [
            'yay -S --noconfirm --needed --builddir /tmp/aur-build --makepkgconf /tmp/makepkg.conf',
            ...(section?.options ?? []),
          ].join(' '),
          items: section?.packages ?? [],
        },
        `mkdir -p ${PACKAGES}`,
        `find /tmp/aur-build -name '*.pkg.tar.zst' -exec cp {} ${PACKAGES}/ \\;`,
      ],
    },
  ],
})
