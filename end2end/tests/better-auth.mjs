// better-auth's own client, unmodified, against HYVVE: what it calls is there and answers in its words.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthClient } from 'better-auth/client';
import { jwtClient, magicLinkClient, organizationClient, twoFactorClient } from 'better-auth/client/plugins';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { link } from '../support/letters.mjs';
import { start } from '../support/server.mjs';
import { totp } from '../support/totp.mjs';

/** A picture of one point. */
const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** A client that keeps its cookies as a browser would. */
function client(url) {
  const jar = new Map();
  const customFetchImpl = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('origin', url);
    if (jar.size) headers.set('cookie', [...jar].map((pair) => pair.join('=')).join('; '));
    const reply = await fetch(input, { ...init, headers });
    for (const line of reply.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      if (value) jar.set(name, value); else jar.delete(name);
    }
    return reply;
  };
  return createAuthClient({ baseURL: url, plugins: [organizationClient(), twoFactorClient(), magicLinkClient(), jwtClient()], fetchOptions: { customFetchImpl } });
}

/** What came back, which has to be an answer. */
const good = ({ data, error }) => { assert.equal(error, null, JSON.stringify(error)); return data; };
/** The status of what has to be an error. */
const refused = ({ data, error }) => { assert.ok(error, JSON.stringify(data)); assert.ok(error.code && error.message); return error.status; };

async function signedUp(url, name) {
  const auth = client(url);
  const account = { name, email: `${name.toLowerCase()}-${Date.now()}@example.com`, password: 'correct horse battery staple' };
  good(await auth.signUp.email(account));
  return { auth, ...account };
}

export default function register(test) {
  test('better-auth’s own client signs up, in and out, and looks after its sessions', async ({ url }) => {
    const { auth, email, password } = await signedUp(url, 'Ada');
    assert.equal(good(await auth.getSession()).user.email, email);
    good(await auth.updateUser({ name: 'Ada King' }));
    assert.equal(good(await auth.getSession()).user.name, 'Ada King');
    good(await auth.updateUser({ image: PIXEL }));
    const { image } = good(await auth.getSession()).user;
    assert.match(image, /^\/api\/pictures\//);
    good(await auth.updateUser({ name: 'Ada King', image }));
    assert.equal(good(await auth.getSession()).user.image, image);
    assert.equal(refused(await auth.updateUser({ image: 'https://example.com/ada.png' })), 400);
    good(await auth.updateUser({ image: null }));
    assert.equal(good(await auth.getSession()).user.image, null);
    const other = client(url);
    assert.equal(refused(await other.signIn.email({ email, password: 'something else' })), 401);
    good(await other.signIn.email({ email, password }));
    assert.equal(good(await auth.listSessions()).length, 2);
    good(await auth.revokeOtherSessions());
    assert.equal(good(await auth.listSessions()).length, 1);
    assert.equal(good(await other.getSession()), null);
    good(await auth.changePassword({ currentPassword: password, newPassword: 'another horse battery staple' }));
    good(await auth.requestPasswordReset({ email, redirectTo: '/reset-password' }));
    good(await auth.signOut());
    assert.equal(good(await auth.getSession()), null);
    assert.equal(refused(await auth.listSessions()), 401);
  });

  test('better-auth’s JWT client gets an access token, and an independent library checks it', async ({ url }) => {
    const { auth } = await signedUp(url, 'Ada');
    const { token } = good(await auth.token());
    const { keys } = good(await auth.jwks());
    assert.deepEqual(keys.map((key) => Object.keys(key).sort()), keys.map(() => ['alg', 'e', 'kid', 'kty', 'n', 'use']));
    const published = createRemoteJWKSet(new URL('/.well-known/jwks.json', url));
    const expected = { algorithms: ['RS256'], typ: 'at+jwt', issuer: url, audience: url, requiredClaims: ['sub', 'sid', 'jti', 'iat', 'nbf', 'exp'] };
    const { payload } = await jwtVerify(token, published, expected);
    const { user, session } = good(await auth.getSession());
    assert.deepEqual([payload.sub, payload.sid, payload.exp - payload.iat], [user.id, session.id, 600]);
    const [header, claims, signature] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ ...payload, exp: payload.exp + 1 })).toString('base64url');
    await assert.rejects(jwtVerify(`${header}.${forged}.${signature}`, published, expected), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    const collections = (bearer) => fetch(new URL('/api/collections', url), { headers: { authorization: `Bearer ${bearer}` } });
    assert.equal((await collections(token)).status, 200);
    assert.equal((await collections(`${header}.${claims}.${signature.slice(1)}`)).status, 401);
    good(await auth.signOut());
    assert.equal((await collections(token)).status, 401);
  });

  test('better-auth’s two-factor and magic-link clients do what they do elsewhere', async ({ url }) => {
    const { auth, email, password } = await signedUp(url, 'Ada');
    good(await auth.signIn.magicLink({ email, callbackURL: '/' }));
    assert.equal(refused(await auth.twoFactor.enable({ password: 'something else' })), 400);
    const { totpURI, backupCodes } = good(await auth.twoFactor.enable({ password }));
    assert.equal(backupCodes.length, 10);
    assert.equal(good(await auth.getSession()).user.twoFactorEnabled, false);
    const secret = new URL(totpURI).searchParams.get('secret');
    good(await auth.twoFactor.verifyTotp({ code: totp(secret) }));
    assert.equal(good(await auth.getSession()).user.twoFactorEnabled, true);
    assert.equal(good(await auth.twoFactor.getTotpUri({ password })).totpURI, totpURI);

    const other = client(url);
    const begun = good(await other.signIn.email({ email, password }));
    assert.deepEqual([begun.twoFactorRedirect, begun.twoFactorMethods], [true, ['totp']]);
    assert.equal(good(await other.getSession()), null);
    assert.equal(refused(await other.twoFactor.verifyTotp({ code: '000000' })), 400);
    assert.equal(good(await other.twoFactor.verifyTotp({ code: totp(secret, 1), trustDevice: true })).user.email, email);
    assert.equal(good(await other.getSession()).user.email, email);
    good(await other.signOut());
    good(await other.signIn.email({ email, password }));
    good(await other.twoFactor.verifyBackupCode({ code: backupCodes[0] }));
    assert.equal(good(await auth.twoFactor.generateBackupCodes({ password })).backupCodes.length, 10);
    good(await auth.twoFactor.disable({ password }));
    assert.equal(good(await client(url).signIn.email({ email, password })).user.email, email);
  });

  test('better-auth’s organization client does everything that a workspace’s people do', async ({ url }) => {
    const [ada, bob] = [await signedUp(url, 'Ada'), await signedUp(url, 'Bob')];
    const { organization } = ada.auth;
    const slug = `team-${Date.now()}`;
    good(await organization.checkSlug({ slug }));
    const made = good(await organization.create({ name: 'Team', slug }));
    assert.deepEqual([made.name, made.slug, made.members.length], ['Team', slug, 1]);
    assert.equal(refused(await organization.checkSlug({ slug })), 400);
    const organizationId = made.id;
    assert.ok(good(await organization.list()).some((one) => one.id === organizationId));
    assert.equal(good(await organization.update({ organizationId, data: { name: 'The Team' } })).name, 'The Team');
    assert.equal(good(await organization.setActive({ organizationSlug: slug })).id, organizationId);
    assert.equal(good(await ada.auth.getSession()).session.activeOrganizationId, organizationId);
    assert.equal(good(await organization.getActiveMember()).role, 'owner');
    assert.equal(good(await organization.getActiveMemberRole({ query: { organizationId } })).role, 'owner');
    const permissions = { organization: ['update', 'delete'], member: ['create'] };
    assert.equal(good(await organization.hasPermission({ organizationId, permissions })).success, true);

    // The address is not proved, so an id alone opens nothing: that is stricter than better-auth.
    const invited = good(await organization.inviteMember({ organizationId, email: bob.email, role: 'member' }));
    assert.deepEqual([invited.status, invited.email, invited.organizationId], ['pending', bob.email, organizationId]);
    assert.equal(refused(await organization.inviteMember({ organizationId, email: bob.email, role: 'member' })), 409);
    assert.equal(good(await organization.inviteMember({ organizationId, email: bob.email, role: 'admin', resend: true })).id, invited.id);
    assert.equal(good(await organization.listInvitations({ query: { organizationId } })).length, 1);
    assert.equal(refused(await bob.auth.organization.acceptInvitation({ invitationId: invited.id })), 403);
    assert.equal(refused(await bob.auth.organization.cancelInvitation({ invitationId: invited.id })), 404);
    assert.deepEqual(good(await bob.auth.organization.listUserInvitations()), []);
    assert.equal(good(await organization.cancelInvitation({ invitationId: invited.id })).status, 'canceled');
    assert.equal(refused(await organization.inviteMember({ organizationId, email: bob.email, role: 'king' })), 400);

    assert.equal(good(await organization.listMembers({ query: { organizationId } })).total, 1);
    const whole = good(await organization.getFullOrganization({ query: { organizationId } }));
    assert.deepEqual([whole.members.length, whole.invitations.length], [1, 0]);
    assert.equal(refused(await bob.auth.organization.getFullOrganization({ query: { organizationId } })), 404);
    assert.equal(refused(await organization.leave({ organizationId })), 409);
    const me = whole.members[0].id;
    assert.equal(refused(await organization.updateMemberRole({ organizationId, memberId: me, role: 'member' })), 409);
    assert.equal(refused(await organization.removeMember({ organizationId, memberIdOrEmail: ada.email })), 409);
    assert.equal(good(await organization.delete({ organizationId })).id, organizationId);
    assert.equal(refused(await organization.getFullOrganization({ query: { organizationId } })), 404);
  });

  test('better-auth’s organization client lets people in and out, whose addresses are proved', async () => {
    const letters = mkdtempSync(join(tmpdir(), 'hyvve-letters-'));
    const server = await start(async () => ({ HYVVE_MAIL_FOLDER: letters }));
    try {
      await inAndOut(server.url, letters);
    } finally {
      await server.stop();
      rmSync(letters, { recursive: true, force: true });
    }
  });
}

async function inAndOut(url, letters) {
  const [ada, bob] = [await signedUp(url, 'Ada'), await signedUp(url, 'Bob')];
  const [ours, his] = [ada.auth.organization, bob.auth.organization];
  good(await bob.auth.sendVerificationEmail({ email: bob.email }));
  const token = new URL(await link(letters, bob.email, 'Confirm your e-mail address')).searchParams.get('token');
  good(await bob.auth.verifyEmail({ query: { token } }));
  const { user } = good(await bob.auth.getSession());
  assert.equal(user.emailVerified, true);
  const { id: organizationId } = good(await ours.create({ name: 'Team', slug: `team-${Date.now()}` }));
  /** A member as the client's types have it. */
  const isBob = (member, role) => {
    assert.deepEqual([member.userId, member.organizationId, member.role, member.user.email], [user.id, organizationId, role, bob.email]);
    assert.ok(member.id && Date.parse(member.createdAt), JSON.stringify(member));
    return member;
  };
  const invite = async (role) => good(await ours.inviteMember({ organizationId, email: bob.email, role })).id;

  // He declines, and is asked again.
  let invitationId = await invite('member');
  assert.deepEqual(good(await his.listUserInvitations()).map((one) => one.id), [invitationId]);
  const seen = good(await his.getInvitation({ query: { id: invitationId } }));
  assert.deepEqual([seen.status, seen.role, seen.organizationName], ['pending', 'member', 'Team']);
  const declined = good(await his.rejectInvitation({ invitationId }));
  assert.deepEqual([declined.invitation.id, declined.invitation.status, declined.member], [invitationId, 'rejected', null]);
  assert.deepEqual(good(await his.listUserInvitations()), []);
  assert.equal(refused(await his.acceptInvitation({ invitationId })), 409);

  invitationId = await invite('member');
  const joined = good(await his.acceptInvitation({ invitationId }));
  assert.deepEqual([joined.invitation.id, joined.invitation.status], [invitationId, 'accepted']);
  const { id: memberId } = isBob(joined.member, 'member');
  assert.equal(good(await bob.auth.getSession()).session.activeOrganizationId, organizationId);
  assert.equal(good(await ours.listMembers({ query: { organizationId } })).total, 2);

  // As a member he invites nobody; as an admin he does, and takes it back.
  const eve = { organizationId, email: `eve-${Date.now()}@example.com`, role: 'viewer' };
  assert.equal(refused(await his.inviteMember(eve)), 403);
  isBob(good(await ours.updateMemberRole({ organizationId, memberId, role: 'admin' })), 'admin');
  isBob(good(await his.getActiveMember()), 'admin');
  const { id: hers } = good(await his.inviteMember(eve));
  assert.equal(good(await his.cancelInvitation({ invitationId: hers })).status, 'canceled');
  assert.deepEqual(good(await his.listInvitations({ query: { organizationId } })).filter((one) => one.status === 'pending'), []);
  isBob(good(await ours.updateMemberRole({ organizationId, memberId, role: ['viewer'] })), 'viewer');

  isBob(good(await his.leave({ organizationId })), 'viewer');
  assert.equal(good(await bob.auth.getSession()).session.activeOrganizationId, null);
  assert.equal(refused(await his.getFullOrganization({ query: { organizationId } })), 404);

  // He comes once more, and is sent away.
  good(await his.acceptInvitation({ invitationId: await invite('guest') }));
  isBob(good(await his.getActiveMember()), 'guest');
  isBob(good(await ours.removeMember({ organizationId, memberIdOrEmail: bob.email })).member, 'guest');
  assert.ok(!good(await his.list()).some((one) => one.id === organizationId));
  assert.equal(good(await ours.listMembers({ query: { organizationId } })).total, 1);
}
